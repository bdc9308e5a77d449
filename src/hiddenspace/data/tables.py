from hiddenspace.data.dataset import Dataset


def from_frame(frame, labels=None):
    return Dataset(frame, "table", name="table")
