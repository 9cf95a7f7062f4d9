"""Rows and explanations to what people see."""
