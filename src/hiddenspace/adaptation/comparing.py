"""stub"""


def compare_adaptation(): ...
