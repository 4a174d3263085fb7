# src/rules
