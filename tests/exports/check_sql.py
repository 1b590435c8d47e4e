"""Runs a query of `export sql` and compares it with what `predict` wrote: check_sql.py DIALECT QUERY INPUT SCORED ELEMENTS LEVELS.

INPUT is the CSV that was scored; the table is `flows`. ELEMENTS and LEVELS are how large the export took the query to be;
ClickHouse must not find it larger. Exits with 77 if the engine is not installed.
"""

import csv
import os
import sys

dialect, query_file, input_file, scored_file = sys.argv[1:5]
elements, levels = map(int, sys.argv[5:7])
query = open(query_file).read()


def with_duckdb():
    import duckdb

    database = duckdb.connect()
    database.execute(
        f"CREATE TABLE flows AS SELECT * FROM read_csv('{input_file}', header = true, all_varchar = false, sample_size = -1)"
    )
    rows = database.execute(f"SELECT probability, label FROM ({query})").fetchall()
    return duckdb.__version__, rows


def with_clickhouse():
    import chdb
    from chdb import session

    database = session.Session()
    database.query("CREATE DATABASE d ENGINE = Atomic")
    # Types are guessed from the whole file, each column may hold NULL.
    settings = "SETTINGS schema_inference_make_columns_nullable = 1, input_format_max_rows_to_read_for_schema_inference = 1000000"
    database.query(
        f"CREATE TABLE d.flows ENGINE = Memory AS SELECT * FROM file('{os.path.abspath(input_file)}', 'CSVWithNames') {settings}"
    )
    database.query("USE d")
    out = database.query(
        f"SELECT toString(probability), label FROM ({query}) FORMAT TSV"
    ).bytes().decode()
    # One line a node, each in quotes.
    tree = [line.strip('"') for line in database.query(f"EXPLAIN AST {query}").bytes().decode().splitlines()]
    depth = max(len(line) - len(line.lstrip(" ")) for line in tree) + 1
    print(f"syntax tree: {len(tree)} elements (taken for {elements}), {depth} levels (taken for {levels})")
    assert len(tree) <= elements and depth <= levels
    rows = [line.split("\t") for line in out.splitlines()]
    return chdb.__version__, [(float(p), int(label)) for p, label in rows]


def with_spark():
    from pyspark.sql import SparkSession
    import pyspark

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.memory", "1g").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    # One partition, so that rows stay in order.
    spark.read.csv(input_file, header=True, inferSchema=True).coalesce(1).createOrReplaceTempView("flows")
    rows = spark.sql(f"SELECT probability, label FROM ({query})").collect()
    spark.stop()
    return pyspark.__version__, [(row[0], row[1]) for row in rows]


try:
    version, rows = {"duckdb": with_duckdb, "clickhouse": with_clickhouse, "spark": with_spark}[dialect]()
except ImportError:
    sys.exit(77)

with open(scored_file, newline="") as file:
    wanted = [(float(row["probability"]), row["classification"]) for row in csv.DictReader(file)]
assert len(rows) == len(wanted), (len(rows), len(wanted))
worst = max(abs(p - w) for (p, _), (w, _) in zip(rows, wanted))
flips = sum((label == 1) != (class_ == "malicious") for (_, label), (_, class_) in zip(rows, wanted))
print(f"{dialect} {version}: {len(rows)} rows, largest difference {worst:.3g}, {flips} labels flipped")
assert worst <= 1e-9 and flips == 0
