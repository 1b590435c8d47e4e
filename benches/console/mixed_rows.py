#!/usr/bin/env python3
"""Makes many distinct rows out of a labelled CSV file, for measuring the review on more rows than the real file has.

    mixed_rows.py SOURCE ROWS OUTPUT [--without LABEL]

Every row takes its first columns from one row of SOURCE and the rest from another, cut at a random place, so that values
and most of their combinations are real, and no two rows are alike. The same arguments give the same file. They are for
timing only: nobody knows the true label of such a row.
"""
import argparse
import csv
import random


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("rows", type=int)
    parser.add_argument("output")
    parser.add_argument("--without", help="a column to leave out, such as the label")
    arguments = parser.parse_args()
    with open(arguments.source, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    keep = [at for at, name in enumerate(header) if name != arguments.without]
    rows = [[row[at] for at in keep] for row in rows]
    dice = random.Random(1)
    seen = set()
    with open(arguments.output, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header[at] for at in keep)
        tries = 0
        while len(seen) < arguments.rows and tries < 50 * arguments.rows:
            tries += 1
            first, second, cut = dice.choice(rows), dice.choice(rows), dice.randrange(1, len(keep))
            row = tuple(first[:cut] + second[cut:])
            if row not in seen:
                seen.add(row)
                out.writerow(row)
    print(f"{len(seen)} distinct rows in {arguments.output}")


if __name__ == "__main__":
    main()
