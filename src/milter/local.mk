# src/milter
