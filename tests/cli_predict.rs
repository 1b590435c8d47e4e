//! `predict` as a person and a script meet it: what the output holds, and what it says.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use crate::common::{Table, Workspace, bundled};

    const ADDED: [&str; 13] = [
        "row_id",
        "classification",
        "probability",
        "confidence",
        "risk_level",
        "recommended_action",
        "reasons",
        "model_run",
        "verdict",
        "verdict_reason",
        "note",
        "reviewed_by",
        "reviewed_at",
    ];

    fn number(text: &str) -> f64 {
        text.parse().unwrap()
    }

    /// The bundled rows with a change to each line (0 is the header).
    fn changed(rows: usize, change: impl Fn(usize, &str) -> String) -> String {
        let lines = bundled(rows);
        lines.lines().enumerate().map(|(i, l)| change(i, l) + "\n").collect()
    }

    /// `row_id` and probability of each row.
    fn scores(table: &Table) -> Vec<(String, String)> {
        let cell = |row: &BTreeMap<String, String>, name: &str| row[name].clone();
        table
            .rows
            .iter()
            .map(|r| (cell(r, "row_id"), cell(r, "probability")))
            .collect()
    }

    #[test]
    fn input_columns_stay_and_ours_follow_with_a_prefix_where_a_name_is_taken() {
        let workspace = Workspace::with_champion();
        let input = changed(200, |i, line| match i {
            0 => format!("note,{line},row_id,nsec_row_id,comment"),
            5 => format!("\"a, \"\"b\"\"\",{line},7,8,two words"),
            _ => format!("n{i},{line},7,8, padded "),
        });
        let before = Table::parse(input.as_bytes());
        let path = workspace.write("in.csv", &input);
        let (_, after) = workspace.score(&path, &[]);
        let ours: Vec<String> = ADDED
            .iter()
            .map(|name| match *name {
                "note" => "nsec_note".to_owned(),
                "row_id" => "nsec_nsec_row_id".to_owned(),
                other => other.to_owned(),
            })
            .collect();
        assert_eq!(after.header, [before.header.clone(), ours].concat());
        for (before, after) in before.rows.iter().zip(&after.rows) {
            assert!(
                before.iter().all(|(name, cell)| after[name] == *cell),
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn an_output_can_be_scored_again() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(100));
        let (first, once) = workspace.score(&path, &[]);
        let (_, twice) = workspace.score(Path::new(first["output"].as_str().unwrap()), &[]);
        assert_eq!(twice.column("nsec_probability"), once.column("probability"));
        assert_eq!(twice.column("nsec_row_id"), once.column("row_id"));
        assert_eq!(twice.column("probability"), once.column("probability"));
    }

    #[test]
    fn verdict_probability_confidence_risk_and_action_agree() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(3_000));
        let (summary, table) = workspace.score(&path, &[]);
        let threshold = summary["threshold"].as_f64().unwrap();
        let (mut risks, mut flagged) = (BTreeMap::<&str, u64>::new(), 0);
        for row in &table.rows {
            let probability = number(&row["probability"]);
            assert!((0.0..=1.0).contains(&probability));
            // What is written is the shortest text of exactly one number.
            assert_eq!(ryu::Buffer::new().format(probability), row["probability"]);
            let malicious = probability >= threshold;
            flagged += u64::from(malicious);
            assert_eq!(row["classification"], if malicious { "malicious" } else { "benign" });
            let named = if malicious { probability } else { 1.0 - probability };
            assert_eq!(number(&row["confidence"]), named);
            let risk = match probability * 100.0 {
                r if r <= 21.0 => "low",
                r if r <= 47.0 => "medium",
                r if r <= 73.0 => "high",
                _ => "critical",
            };
            assert_eq!(row["risk_level"], risk, "{probability}");
            *risks.entry(risk).or_default() += 1;
            let action = match (malicious, risk) {
                (false, "low" | "medium") => "allow",
                (true, "high") => "investigate",
                (true, "critical") => "block",
                _ => "review",
            };
            assert_eq!(row["recommended_action"], action);
            assert_eq!(row["model_run"], summary["model"]["run_id"]);
            assert!(row["row_id"].len() == 16 && row["row_id"].bytes().all(|b| b.is_ascii_hexdigit()));
            for name in ["verdict", "verdict_reason", "note", "reviewed_by", "reviewed_at"] {
                assert_eq!(row[name], "");
            }
        }
        assert_eq!(summary["flagged"], flagged);
        assert!(flagged > 500 && flagged < 2_500, "{flagged}");
        for (risk, count) in risks {
            assert_eq!(summary["risk"][risk], count);
        }
    }

    #[test]
    fn the_summary_holds_the_contract_and_stands_alone() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(50));
        let (summary, _) = workspace.score(&path, &[]);
        for key in [
            "rows",
            "flagged",
            "rejected",
            "output",
            "rejects",
            "model",
            "threshold",
            "risk",
            "seconds",
            "rows_per_second",
        ] {
            assert!(!summary[key].is_null(), "{key}: {summary}");
        }
        assert_eq!(summary["model"]["name"], "logistic_regression");
        let levels: Vec<&String> = summary["risk"].as_object().unwrap().keys().collect();
        assert_eq!(levels, ["low", "medium", "high", "critical"]);
        let output = workspace.path("prediction_output/output.csv");
        assert_eq!(summary["output"], output.to_str().unwrap());
        // For people: the counts and the place.
        let said = workspace.run(&[&"predict", &path], 0).out();
        assert!(
            said.contains("50 rows") && said.contains(output.to_str().unwrap()),
            "{said}"
        );
    }

    #[test]
    fn identity_and_score_depend_on_the_content_of_schema_columns_alone() {
        let workspace = Workspace::with_champion();
        let plain = workspace.write("plain.csv", bundled(400));
        let (_, plain) = workspace.score(&plain, &[]);
        let expected = scores(&plain);
        let reversed = changed(400, |_, l| l.rsplit(',').collect::<Vec<_>>().join(","));
        let unlabelled = changed(400, |_, l| l.rsplit_once(',').unwrap().0.to_owned());
        let other_label = changed(400, |i, l| {
            if i == 0 {
                l.to_owned()
            } else {
                l.rsplit_once(',').unwrap().0.to_owned() + ",?"
            }
        });
        let extra = changed(400, |i, l| format!("a{i},{l},b{i}"));
        let aliased = changed(400, |_, l| l.replace("having_IP_Address", "having_IPhaving_IP_Address"));
        let written_otherwise = changed(400, |i, l| match l.split_once(',') {
            Some((first, rest)) if i > 0 => format!(" {first}.0 ,{rest}"),
            _ => l.to_owned(),
        });
        for (name, text, note) in [
            ("reversed", reversed, "another order"),
            ("unlabelled", unlabelled, ""),
            ("other_label", other_label, ""),
            ("extra", extra, "carried along"),
            (
                "aliased",
                aliased,
                "`having_IPhaving_IP_Address` is read as `having_IP_Address`",
            ),
            ("written_otherwise", written_otherwise, ""),
        ] {
            let path = workspace.write(&format!("{name}.csv"), text);
            let (summary, table) = workspace.score(&path, &[]);
            assert!(scores(&table) == expected, "{name}");
            let notes = summary["notes"].to_string();
            assert!(notes.contains(note), "{name}: {notes}");
            let told = workspace.run(&[&"predict", &path], 0).err();
            assert!(told.contains(note), "{name}: {told}");
        }
        // Identical features have one id, different ones different ids.
        let features = |row: &BTreeMap<String, String>| -> Vec<String> {
            row.iter()
                .filter(|(n, _)| !ADDED.contains(&n.as_str()) && *n != "Result")
                .map(|(_, c)| c.clone())
                .collect()
        };
        let ids: BTreeSet<_> = plain.rows.iter().map(|r| (features(r), r["row_id"].clone())).collect();
        let distinct: BTreeSet<_> = plain.rows.iter().map(features).collect();
        let names: BTreeSet<_> = plain.column("row_id").into_iter().collect();
        assert!(distinct.len() < 400 && ids.len() == distinct.len() && names.len() == distinct.len());
    }

    #[test]
    fn several_inputs_go_to_one_output_in_order_with_their_source() {
        let workspace = Workspace::with_champion();
        let first = workspace.write("first.csv", bundled(30));
        let reversed = changed(40, |i, l| {
            let cells = l.rsplit(',').collect::<Vec<_>>().join(",");
            if i == 7 { cells.replace('1', "9") } else { cells }
        });
        let second = workspace.write("second.csv", reversed);
        let summary = workspace.run(&[&"predict", &first, &second, &"--json"], 0).json();
        let table = Table::read(&workspace.path("prediction_output/output.csv"));
        assert_eq!(
            (&summary["rows"], &summary["rejected"], table.rows.len()),
            (&70.into(), &1.into(), 69)
        );
        let sources = table.column("source");
        assert!(sources[..30].iter().all(|s| *s == first.to_str().unwrap()));
        assert!(sources[30..].iter().all(|s| *s == second.to_str().unwrap()));
        assert_eq!(table.header[24..26], ["source", "row_id"]);
        // Cells of the second input stand under their own names.
        assert_eq!(scores(&table)[..6], scores(&table)[30..36]);
        assert_eq!(table.rows[0]["Result"], table.rows[30]["Result"]);
        let rejects = Table::read(&workspace.path("prediction_output/rejects.csv"));
        assert_eq!(rejects.rows[0]["source"], second.to_str().unwrap());
        assert_eq!(rejects.rows[0]["line"], "8");

        let third = workspace.write("third.csv", changed(5, |i, l| format!("{i},{l}")));
        let error = workspace.run(&[&"predict", &first, &third], 3).error();
        assert!(error.contains("third.csv"), "{error}");
    }

    #[test]
    fn standard_input_gzip_and_parquet_score_as_the_file_does() {
        let workspace = Workspace::with_champion();
        let text = bundled(300);
        let path = workspace.write("in.csv", &text);
        let (_, plain) = workspace.score(&path, &[]);

        workspace.run_with(&[&"predict", &"-", &"--output", &"stdin.csv"], text.as_bytes(), 0);
        assert_eq!(scores(&Table::read(&workspace.path("stdin.csv"))), scores(&plain));

        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        let packed = workspace.write("in.csv.gz", packed.finish().unwrap());
        assert_eq!(scores(&workspace.score(&packed, &[]).1), scores(&plain));

        let parquet = workspace.path("in.parquet");
        write_parquet(&text, &parquet);
        let (_, table) = workspace.score(&parquet, &[]);
        assert_eq!(scores(&table), scores(&plain));
        assert_eq!(table.header, plain.header);
        assert_eq!(table.column("SFH"), plain.column("SFH"));
    }

    /// The table with whole numbers as a Parquet file.
    fn write_parquet(csv: &str, path: &Path) {
        use polars::prelude::{Column, DataFrame, ParquetWriter};
        let table = Table::parse(csv.as_bytes());
        let columns = table
            .header
            .iter()
            .map(|name| {
                let cells: Vec<i64> = table.column(name).iter().map(|c| c.parse().unwrap()).collect();
                Column::new(name.as_str().into(), cells)
            })
            .collect();
        let mut frame = DataFrame::new(table.rows.len(), columns).unwrap();
        ParquetWriter::new(fs::File::create(path).unwrap())
            .finish(&mut frame)
            .unwrap();
    }

    #[test]
    fn an_alert_budget_is_never_passed_and_ties_are_told() {
        let workspace = Workspace::with_champion();
        let text = bundled(600);
        let path = workspace.write("in.csv", &text);
        let (_, all) = workspace.score(&path, &[]);
        let mut ranked: Vec<f64> = all.column("probability").into_iter().map(number).collect();
        ranked.sort_by(|a, b| b.total_cmp(a));
        let mut ties = 0;
        for budget in [0_usize, 1, 2, 5, 20, 59, 300, 600, 10_000] {
            let (summary, table) = workspace.score(&path, &["--alerts", &budget.to_string()]);
            // As many of the highest as fit without cutting through equal scores.
            let cut = ranked.get(budget).copied();
            let expected = ranked[..budget.min(ranked.len())]
                .iter()
                .filter(|p| cut.is_none_or(|c| **p > c))
                .count();
            let tied = cut.map_or(0, |c| {
                let equal = ranked.iter().filter(|p| **p == c).count();
                if budget > expected { equal } else { 0 }
            });
            ties += tied;
            assert_eq!(summary["flagged"], expected, "{budget}");
            assert_eq!(summary["tied_out"], tied, "{budget}");
            let flagged: Vec<f64> = (table.rows.iter())
                .filter(|r| r["classification"] == "malicious")
                .map(|r| number(&r["probability"]))
                .collect();
            assert_eq!(flagged.len(), expected);
            assert!(flagged.iter().all(|p| ranked[..expected].contains(p)));
            let output = format!("stream{budget}.csv");
            let streamed = workspace.run_with(
                &[
                    &"predict",
                    &"-",
                    &"--alerts",
                    &budget.to_string(),
                    &"--output",
                    &output,
                    &"--json",
                ],
                text.as_bytes(),
                0,
            );
            let streamed = streamed.json();
            for key in ["flagged", "tied_out", "threshold", "rows"] {
                assert_eq!(streamed[key], summary[key], "{budget} {key}");
            }
        }
        assert!(ties > 0, "nothing tied: the test shows too little");
        let outcome = workspace.run(&[&"predict", &path, &"--alerts", &"5"], 0);
        assert!(outcome.out().contains("tie"), "{}", outcome.out());
    }

    #[test]
    fn a_threshold_of_ones_own() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(200));
        for (given, flags) in [("0", Some(200)), ("0.9", None), ("1", None)] {
            let (summary, table) = workspace.score(&path, &["--threshold", given]);
            let above = table
                .column("probability")
                .into_iter()
                .filter(|p| number(p) >= number(given))
                .count();
            assert_eq!(summary["flagged"], above);
            assert!(flags.is_none_or(|n| n == above));
            assert_eq!(summary["threshold"].as_f64(), Some(number(given)));
        }
        for wrong in ["1.01", "-0.1", "nan", "inf", "half"] {
            workspace.run(&[&"predict", &path, &format!("--threshold={wrong}")], 2);
        }
        workspace.run(&[&"predict", &path, &"--threshold", &"0.5", &"--alerts", &"3"], 2);
        workspace.run(&[&"predict", &path, &"--alerts", &"-3"], 2);
        workspace.run(&[&"predict"], 2);
    }

    #[test]
    fn reasons_for_the_most_probable_flagged_rows_only() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(300));
        let (_, none) = workspace.score(&path, &["--explain", "0"]);
        assert!(none.column("reasons").iter().all(|r| r.is_empty()));
        let flagged = none
            .column("classification")
            .iter()
            .filter(|c| **c == "malicious")
            .count();
        for explain in [1, 7, 100_000] {
            let (_, table) = workspace.score(&path, &["--explain", &explain.to_string()]);
            assert_eq!(scores(&table), scores(&none));
            let mut explained = Vec::new();
            let mut other = Vec::new();
            for row in table.rows.iter().filter(|r| r["classification"] == "malicious") {
                let list = if row["reasons"].is_empty() {
                    &mut other
                } else {
                    &mut explained
                };
                list.push(number(&row["probability"]));
            }
            assert_eq!(explained.len(), flagged.min(explain));
            let least = explained.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(
                other.iter().all(|p| *p <= least),
                "an explained row is less probable than another"
            );
            for row in table.rows.iter().filter(|r| !r["reasons"].is_empty()) {
                assert_eq!(row["classification"], "malicious");
                // `column = value` of this very row, the largest share first.
                let mut last = 100.0;
                for reason in row["reasons"].split("; ") {
                    let (column, rest) = reason.split_once(" = ").unwrap();
                    let rest = rest.strip_prefix(row[column].as_str()).unwrap();
                    let rest = rest.strip_prefix(" raises").or(rest.strip_prefix(" lowers")).unwrap();
                    let points = rest.strip_prefix(" risk by ").unwrap();
                    let points = match points
                        .strip_suffix(" points")
                        .or(points.strip_suffix(" point"))
                        .unwrap()
                    {
                        "less than 1" => 0.0,
                        whole => number(whole),
                    };
                    assert!(points <= last, "{}", row["reasons"]);
                    last = points;
                }
            }
        }
        workspace.run(&[&"predict", &path, &"--explain", &"100001"], 2);
    }

    #[test]
    fn text_that_a_spreadsheet_would_run_is_guarded_and_numbers_never_are() {
        let workspace = Workspace::with_champion();
        let hostile = [
            "=cmd|' /C calc'!A0",
            "+1+1",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "-1",
            "+1",
            "-1e-7",
            "plain",
            " =1",
        ];
        let input = changed(hostile.len(), |i, line| match i {
            0 => format!("{line},=1+1"),
            i => format!("{line},\"{}\"", hostile[i - 1]),
        });
        let path = workspace.write("in.csv", input);
        let (_, table) = workspace.score(&path, &[]);
        let cells = table.column("'=1+1");
        for (cell, before) in cells.iter().zip(hostile) {
            let kept = before.parse::<f64>().is_ok() || before == "plain";
            assert_eq!(*cell, if kept { before.to_owned() } else { format!("'{before}") });
        }
        assert!(table.column("SFH").iter().all(|c| !c.starts_with('\'')));
        let (_, raw) = workspace.score(&path, &["--raw"]);
        assert_eq!(raw.column("=1+1"), hostile);
        assert_eq!(scores(&raw), scores(&table));
    }

    #[test]
    fn an_older_output_is_kept_under_the_time() {
        let workspace = Workspace::with_champion();
        let output = workspace.path("prediction_output/output.csv");
        let mut contents = Vec::new();
        for rows in [10, 20, 30] {
            let path = workspace.write("in.csv", bundled(rows));
            let (summary, table) = workspace.score(&path, &[]);
            assert_eq!(table.rows.len(), rows);
            match contents.last() {
                None => assert!(summary["kept_old"].is_null()),
                Some(last) => {
                    let kept = summary["kept_old"].as_str().unwrap();
                    assert!(fs::read(kept).unwrap() == *last, "{kept} is not the older output");
                    let name = Path::new(kept).file_name().unwrap().to_str().unwrap();
                    let time = name
                        .strip_prefix("output.")
                        .and_then(|n| n.strip_suffix(".csv"))
                        .unwrap();
                    assert!(time.len() >= 15 && time.contains('T'), "{name}");
                }
            }
            contents.push(fs::read(&output).unwrap());
        }
        let names = fs::read_dir(output.parent().unwrap()).unwrap().count();
        assert_eq!(names, 4, "three outputs and the rejects");
    }

    #[test]
    fn another_output_has_rejects_of_its_own() {
        let workspace = Workspace::with_champion();
        let path = workspace.write(
            "in.csv",
            changed(50, |i, l| if i == 9 { "bad".to_owned() } else { l.to_owned() }),
        );
        let summary = workspace
            .run(&[&"predict", &path, &"--output", &"deep/er/mine.csv", &"--json"], 0)
            .json();
        assert_eq!(summary["rejects"], "deep/er/mine.rejects.csv");
        let rejects = Table::read(&workspace.path("deep/er/mine.rejects.csv"));
        assert_eq!(rejects.header, ["line", "column", "value", "reason", "raw"]);
        assert_eq!(
            (rejects.rows[0]["line"].as_str(), rejects.rows[0]["raw"].as_str()),
            ("10", "bad")
        );
        assert_eq!(Table::read(&workspace.path("deep/er/mine.csv")).rows.len(), 49);
        assert!(!workspace.path("prediction_output").exists());
    }
}
