"""Copies a few texts of a folder into another: those that together hold the most forms of instructions."""

import pathlib
import re
import shutil
import sys

MOST_FILES = 20
FORM = re.compile(r"^\s*(?:@!?%?\w+\s+)?([a-z][a-z0-9_]*(?:\.[a-z0-9_:]+)*)\s", re.MULTILINE)


def main(source, target):
    texts = {path: path.read_text() for path in sorted(pathlib.Path(source).glob("*.ptx"))}
    forms = {path: set(FORM.findall(text)) for path, text in texts.items()}
    missing = set().union(*forms.values())
    target = pathlib.Path(target)
    target.mkdir(parents=True)
    for _ in range(MOST_FILES):
        # The most new forms; of two files with as many, the smaller.
        best = max(forms, key=lambda path: (len(forms[path] & missing), -len(texts[path])))
        if not forms[best] & missing:
            break
        missing -= forms[best]
        shutil.copyfile(best, target / best.name)
    print(f"{target}: {len(list(target.iterdir()))} of {len(texts)} texts; {len(missing)} forms are left out")


main(*sys.argv[1:])
