"""Other servers that answer the same pages, to compare with. Each module is a program that anyone can start."""
