"""Table 5: rows, cells, results, text, plots."""
