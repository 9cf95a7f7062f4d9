"""Engines that families of methods share."""
