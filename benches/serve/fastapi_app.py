"""The service that projects of this kind have: FastAPI over a LightGBM model, rows as JSON records or as CSV.

Started by load.py; NSEC_BENCH_DATA names the CSV file that it learns from."""

import io
import os

import lightgbm
import numpy
import pandas
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

LABEL = "Result"

table = pandas.read_csv(os.environ["NSEC_BENCH_DATA"])
columns = [name for name in table.columns if name != LABEL]
model = lightgbm.train(
    {"objective": "binary", "num_leaves": 31, "num_threads": 2, "verbose": -1, "seed": 42},
    lightgbm.Dataset(table[columns].to_numpy(), (table[LABEL] == -1).astype(int)),
    num_boost_round=int(os.environ.get("NSEC_BENCH_TREES", "100")),
)
app = FastAPI()


class Rows(BaseModel):
    records: list[dict[str, float]]


def answer(probabilities):
    return [
        {"probability": float(p), "classification": "malicious" if p >= 0.5 else "benign"} for p in probabilities
    ]


# Plain `def` would hand every request to a pool of threads, which is slower for a row.
@app.post("/predict")
async def predict(rows: Rows):
    matrix = numpy.array([[record[name] for name in columns] for record in rows.records])
    return {"predictions": answer(model.predict(matrix, num_threads=1))}


@app.post("/predict_csv")
async def predict_csv(request: Request):
    rows = pandas.read_csv(io.BytesIO(await request.body()))
    rows["probability"] = model.predict(rows[columns].to_numpy(), num_threads=2)
    rows["classification"] = numpy.where(rows["probability"] >= 0.5, "malicious", "benign")
    return Response(rows.to_csv(index=False), media_type="text/csv")


@app.get("/healthz")
async def healthz():
    return {"trees": model.num_trees()}
