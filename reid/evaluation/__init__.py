"""Features ranked: distances, mAP and CMC, selected epochs, sheets of ranked images; the histogram baseline."""
