"""Any source becomes one Dataset, and a Dataset becomes batches."""
