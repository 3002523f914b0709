"""Fraud: what happens too often is scored and held for somebody to look at. No sale is ever refused for it."""
