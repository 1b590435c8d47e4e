"""Imports CSV files as LibreOffice does and counts cells that became formulas.

check_spreadsheet.py GUARDED.csv RAW.csv: none in the first, some in the second (else this check could not fail).
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

office = shutil.which("soffice") or shutil.which("libreoffice")
if office is None:
    sys.exit(77)


def formulas(path):
    with tempfile.TemporaryDirectory() as home:
        # Comma, double quote, UTF-8, from line 1; quoted cells are read like all others, which is what the dialog offers.
        subprocess.run(
            [office, f"-env:UserInstallation=file://{home}/profile", "--headless", "--convert-to", "fods",
             "--infilter=Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false", "--outdir", home, path],
            check=True, capture_output=True, timeout=300,
        )
        sheet = (pathlib.Path(home) / (pathlib.Path(path).stem + ".fods")).read_text(encoding="utf-8")
    assert "<table:table-cell" in sheet
    return sheet.count("table:formula=")


guarded, raw = formulas(sys.argv[1]), formulas(sys.argv[2])
assert guarded == 0, f"{guarded} formulas where cells are guarded"
assert raw > 0, "no formula even where cells are not guarded: the check is blind"
print(f"no formula guarded, {raw} raw")
