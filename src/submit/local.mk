# src/submit
