//! What a run's model and training rows say about a row, through the library: the evidence adds up, the smallest change
//! clears what the program flagged, the nearest training rows are the nearest.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::PathBuf;

    use nsec_tui::cancel::CancelToken;
    use nsec_tui::data::{NullTokens, RowId};
    use nsec_tui::explain::{SmallestChange, Value, column_shares};
    use nsec_tui::pipeline::ingestion::Dataset;
    use nsec_tui::pipeline::kept_rows::{SplitSide, read_kept_rows};
    use nsec_tui::pipeline::trained_model::TrainedModel;
    use nsec_tui::pipeline::training_reference::{TrainingReference, TrainingReferenceError};

    use nsec_tui::review::card::{CardInput, CardMaker};

    use crate::common::{Table, Workspace};

    type Row = BTreeMap<String, String>;

    /// A run with its model, its training rows as explanations use them, and both sides of its split.
    struct Trained {
        workspace: Workspace,
        run: PathBuf,
        model: TrainedModel,
        reference: TrainingReference,
        train: Table,
        test: Dataset,
        test_text: Table,
        cancel: CancelToken,
    }

    impl Trained {
        fn new() -> Self {
            let workspace = Workspace::with_champion();
            let (run, cancel) = (workspace.run_directory(), CancelToken::new());
            let model = TrainedModel::load(&run.join("model_trainer/model.bin")).unwrap();
            Self {
                reference: TrainingReference::open(&run, &model, &cancel).unwrap(),
                train: Table::read(&SplitSide::Train.path(&run)),
                test: read_kept_rows(&run, SplitSide::Test, &model.schema, &cancel).unwrap(),
                test_text: Table::read(&SplitSide::Test.path(&run)),
                workspace,
                run,
                model,
                cancel,
            }
        }

        /// The columns the model reads.
        fn columns(&self) -> Vec<&str> {
            self.model.preprocessor.columns().collect()
        }

        /// The values a column has in the training file, as numbers: the bundled data has no others.
        fn training_values(&self, column: &str) -> BTreeSet<i64> {
            self.train
                .column(column)
                .iter()
                .map(|cell| cell.parse().unwrap())
                .collect()
        }

        /// Probabilities that the program gives to these rows of the data.
        fn scored_by_the_program(&self, rows: &[Row]) -> Vec<(f64, String)> {
            let header = &self.test_text.header;
            let line = |row: &Row| {
                header
                    .iter()
                    .map(|name| row[name].as_str())
                    .collect::<Vec<_>>()
                    .join(",")
            };
            let lines: Vec<String> = rows.iter().map(line).collect();
            let input = format!("{}\n{}\n", header.join(","), lines.join("\n"));
            let path = self.workspace.write("changed.csv", input);
            let (_, table) = self.workspace.score(&path, &["--explain", "0"]);
            let scores = table.rows.iter();
            scores
                .map(|row| (row["probability"].parse().unwrap(), row["classification"].clone()))
                .collect()
        }
    }

    fn changed(row: &Row, change: &SmallestChange) -> Row {
        let mut row = row.clone();
        for field in &change.fields {
            let from = row.insert(field.column.clone(), field.to.to_string()).unwrap();
            assert_eq!(Some(from), field.from.as_ref().map(ToString::to_string));
        }
        row
    }

    #[test]
    fn the_smallest_change_clears_the_row_with_values_of_training_rows() {
        let trained = Trained::new();
        let model = &trained.model;
        let probabilities = model.score(&trained.test.frame, &trained.cancel).unwrap();
        let (mut before, mut after, mut fields) = (Vec::new(), Vec::new(), BTreeMap::<usize, usize>::new());
        let (mut rows, mut none) = (Vec::new(), 0);
        for (at, &probability) in probabilities.iter().enumerate() {
            let row = trained.reference.row(&trained.test.frame, at).unwrap();
            let found = trained
                .reference
                .smallest_change(model, &row, model.threshold, &trained.cancel)
                .unwrap();
            if probability < model.threshold {
                assert_eq!(found, None, "row {at} is not flagged");
                continue;
            }
            let Some(found) = found else {
                none += 1;
                continue;
            };
            assert_eq!(found.before, probability);
            assert!(found.after < model.threshold);
            for field in &found.fields {
                let Value::Int(to) = &field.to else { panic!("{field:?}") };
                assert!(trained.training_values(&field.column).contains(to), "{field:?}");
            }
            *fields.entry(found.fields.len()).or_default() += 1;
            rows.push(trained.test_text.rows[at].clone());
            rows.push(changed(&trained.test_text.rows[at], &found));
            before.push(found.before);
            after.push(found.after);
        }
        assert!(fields[&1] >= 10 && fields[&2] >= 10, "{fields:?}, {none} without");
        // The program agrees, on the rows as they are and as changed.
        let scored = trained.scored_by_the_program(&rows);
        for (pair, (before, after)) in scored.chunks(2).zip(before.iter().zip(&after)) {
            assert_eq!(pair[0], (*before, "malicious".to_owned()));
            assert_eq!(pair[1], (*after, "benign".to_owned()));
        }
    }

    #[test]
    fn no_single_field_is_smaller() {
        let trained = Trained::new();
        let columns = trained.columns();
        let probabilities = trained.model.score(&trained.test.frame, &trained.cancel).unwrap();
        let flagged = (0..probabilities.len()).filter(|&at| probabilities[at] >= trained.model.threshold);
        for at in flagged.step_by(9) {
            // Every change of one field to a value of the training file, scored by the program.
            let mut candidates = Vec::new();
            for column in &columns {
                let values = trained.training_values(column);
                let range = (values.last().unwrap() - values.first().unwrap()) as f64;
                let now: i64 = trained.test_text.rows[at][*column].parse().unwrap();
                for value in values.iter().filter(|value| **value != now) {
                    let mut row = trained.test_text.rows[at].clone();
                    row.insert((*column).to_owned(), value.to_string());
                    candidates.push((row, (value - now).abs() as f64 / range));
                }
            }
            let rows: Vec<Row> = candidates.iter().map(|(row, _)| row.clone()).collect();
            let scored = trained.scored_by_the_program(&rows);
            let clearing = candidates
                .iter()
                .zip(&scored)
                .filter(|(_, (_, class))| class == "benign");
            let wanted = clearing
                .map(|((_, gap), (probability, _))| (gap / columns.len() as f64, *probability))
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let row = trained.reference.row(&trained.test.frame, at).unwrap();
            let (model, cancel) = (&trained.model, &trained.cancel);
            let found = trained
                .reference
                .smallest_change(model, &row, model.threshold, cancel)
                .unwrap();
            let single = found.filter(|found| found.fields.len() == 1);
            assert_eq!(single.map(|found| (found.distance, found.after)), wanted, "row {at}");
        }
    }

    #[test]
    fn the_nearest_training_rows_are_those_of_the_file() {
        let trained = Trained::new();
        let columns = trained.columns();
        let ranges: Vec<f64> = columns
            .iter()
            .map(|column| {
                let values = trained.training_values(column);
                (values.last().unwrap() - values.first().unwrap()) as f64
            })
            .collect();
        let numbers = |row: &Row| -> Vec<f64> { columns.iter().map(|column| row[*column].parse().unwrap()).collect() };
        let training: Vec<Vec<f64>> = trained.train.rows.iter().map(numbers).collect();
        assert_eq!(trained.reference.rows.choice().rows.len(), training.len());
        for at in (0..trained.test_text.rows.len()).step_by(7) {
            let asked = numbers(&trained.test_text.rows[at]);
            let distance = |row: &Vec<f64>| {
                let gaps = row
                    .iter()
                    .zip(&asked)
                    .zip(&ranges)
                    .map(|((a, b), range)| (a - b).abs() / range);
                gaps.sum::<f64>() / columns.len() as f64
            };
            let mut wanted: Vec<(f64, usize)> = training.iter().map(distance).zip(0..).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            wanted.truncate(12);
            let row = trained.reference.row(&trained.test.frame, at).unwrap();
            let found = trained.reference.rows.nearest(&row, 12);
            assert_eq!(found.iter().map(|n| (n.distance, n.row)).collect::<Vec<_>>(), wanted);
            for near in &found {
                let line = &trained.train.rows[near.row];
                assert_eq!(near.malicious, line["Result"] == "-1");
                for (column, value) in columns.iter().zip(&near.values) {
                    assert_eq!(value.as_ref().unwrap().to_string(), line[*column]);
                }
            }
        }
    }

    #[test]
    fn a_training_row_is_its_own_neighbour() {
        let trained = Trained::new();
        let (run, schema) = (&trained.run, &trained.model.schema);
        let train = read_kept_rows(run, SplitSide::Train, schema, &trained.cancel).unwrap();
        for at in 0..train.labels.len() {
            let row = trained.reference.row(&train.frame, at).unwrap();
            let near = &trained.reference.rows.nearest(&row, 1)[0];
            assert_eq!((near.distance, &near.values), (0.0, &row));
            assert!(near.row <= at);
        }
    }

    #[test]
    fn the_evidence_of_the_columns_adds_up_to_the_models_score() {
        let trained = Trained::new();
        let matrix = trained.model.matrix(&trained.test.frame).unwrap();
        let (model, features) = (&trained.model.classifier, trained.model.preprocessor.features());
        assert!(
            features.len() > trained.columns().len(),
            "columns are encoded as several features"
        );
        let probabilities = model.predict_proba(matrix.values.view()).unwrap();
        for (row, probability) in matrix.values.rows().into_iter().zip(probabilities) {
            let account = model.contributions(row).unwrap();
            let columns = column_shares(&account, features);
            let score = account.base + columns.iter().map(|c| c.contribution).sum::<f64>();
            assert!((score - (probability / (1.0 - probability)).ln()).abs() < 1e-9);
            assert!((columns.iter().map(|c| c.share.abs()).sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    /// A test row as a scored file has it.
    fn card_input(trained: &Trained, at: usize, probability: f64) -> CardInput {
        let header = trained.test_text.header.iter();
        CardInput {
            row: RowId(at as u64),
            cells: header
                .map(|name| (name.clone(), trained.test_text.rows[at][name].clone()))
                .collect(),
            probability,
            flagged: probability >= trained.model.threshold,
            threshold: None,
        }
    }

    #[test]
    fn cards_are_made_of_what_a_run_keeps() {
        let trained = Trained::new();
        let (run, cancel) = (&trained.run, &trained.cancel);
        let probabilities = trained.model.score(&trained.test.frame, cancel).unwrap();
        let at = probabilities
            .iter()
            .position(|p| *p >= trained.model.threshold)
            .unwrap();
        let row = card_input(&trained, at, probabilities[at]);
        let card = || {
            let maker = CardMaker::open(run, NullTokens::default(), cancel).unwrap();
            maker.make(&row, &maker.no_judged_rows(), cancel).unwrap()
        };
        let whole = card();
        assert_eq!(whole.columns.len(), trained.columns().len());
        let shares: f64 = whole.columns.iter().map(|column| column.share.unwrap().abs()).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        assert!(
            whole
                .columns
                .iter()
                .all(|column| column.value == row.cells[column_at(&row, &column.column)].1)
        );
        // The label is carried, never read.
        assert_eq!(
            whole.other,
            [("Result".to_owned(), trained.test_text.rows[at]["Result"].clone())]
        );
        let reliability = whole.reliability.as_ref().unwrap();
        let near = |p: f64| reliability.from <= p && p <= reliability.to;
        let rows: Vec<usize> = (0..probabilities.len())
            .filter(|row| near(probabilities[*row]))
            .collect();
        assert_eq!(reliability.rows, rows.len() as u64);
        assert_eq!(
            reliability.malicious,
            rows.iter().filter(|row| trained.test.labels[**row]).count() as u64
        );
        assert_eq!(whole.neighbours.len(), 5);
        assert!(
            whole
                .missing
                .iter()
                .all(|why| why.starts_with("no change of one field")),
            "{:?}",
            whole.missing
        );

        // Without this or that, the rest is there and the card says why it is not.
        fs::remove_file(SplitSide::Train.path(run)).unwrap();
        fs::write(SplitSide::Test.path(run), "a,b\n1,2\n").unwrap();
        let rest = card();
        assert!(rest.neighbours.is_empty() && rest.smallest_change.is_none() && rest.reliability.is_none());
        assert!(
            rest.columns
                .iter()
                .all(|column| column.share.is_some() && column.usual.is_empty())
        );
        for why in ["no smallest change, no training rows", "no reliability of the score"] {
            assert!(
                rest.missing.iter().any(|missing| missing.starts_with(why)),
                "{:?}",
                rest.missing
            );
        }
        fs::remove_file(run.join("model_trainer/model.bin")).unwrap();
        assert!(CardMaker::open(run, NullTokens::default(), cancel).is_err());
    }

    fn column_at(row: &CardInput, name: &str) -> usize {
        row.cells.iter().position(|(column, _)| column == name).unwrap()
    }

    #[test]
    fn a_run_without_its_training_rows_says_what_to_do() {
        let trained = Trained::new();
        let path = SplitSide::Train.path(&trained.run);
        let open = || match TrainingReference::open(&trained.run, &trained.model, &trained.cancel) {
            Ok(_) => panic!("it opened"),
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("train again") && !text.contains('\n'), "{text}");
                error
            }
        };
        // One cell other than it was: a value might be told that no training row had.
        let bytes = fs::read(&path).unwrap();
        let mut other = bytes.clone();
        *other.iter_mut().rev().find(|b| **b == b'1').unwrap() = b'0';
        fs::write(&path, other).unwrap();
        assert!(matches!(open(), TrainingReferenceError::Changed { .. }));
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(open(), TrainingReferenceError::Changed { .. }));
        fs::remove_file(&path).unwrap();
        assert!(matches!(open(), TrainingReferenceError::Gone { .. }));
        fs::create_dir(&path).unwrap();
        assert!(matches!(open(), TrainingReferenceError::Changed { .. }));
        fs::remove_dir(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        TrainingReference::open(&trained.run, &trained.model, &trained.cancel).unwrap();
        fs::remove_file(trained.run.join("manifest.json")).unwrap();
        let lost = TrainingReference::open(&trained.run, &trained.model, &trained.cancel);
        assert!(matches!(lost, Err(TrainingReferenceError::Run(_))));
    }

    #[test]
    fn it_stops_when_asked() {
        let trained = Trained::new();
        trained.cancel.cancel();
        let stopped = TrainingReference::open(&trained.run, &trained.model, &trained.cancel);
        assert!(matches!(stopped, Err(TrainingReferenceError::Cancelled(_))));
        let row = trained.reference.row(&trained.test.frame, 0).unwrap();
        let (model, cancel) = (&trained.model, &trained.cancel);
        assert!(trained.reference.smallest_change(model, &row, 0.0, cancel).is_err());
    }

    /// Flows have every type of column but truth values, missing cells, and more values than are tried.
    #[test]
    fn rows_of_every_type_are_cleared_and_found_again() {
        let workspace = Workspace::new();
        let schema = crate::common::repository("data_schema/network_flows.yaml");
        workspace.run(
            &[&"generate", &"flows", &"--rows", &"3000", &"--output", &"flows.csv"],
            0,
        );
        workspace.run(
            &[
                &"train",
                &"--data",
                &"flows.csv",
                &"--schema",
                &schema,
                &"--models",
                &"logistic_regression",
                &"--search",
                &"none",
            ],
            0,
        );
        let (run, cancel) = (workspace.run_directory(), CancelToken::new());
        let model = TrainedModel::load(&run.join("model_trainer/model.bin")).unwrap();
        let reference = TrainingReference::open(&run, &model, &cancel).unwrap();
        let train = read_kept_rows(&run, SplitSide::Train, &model.schema, &cancel).unwrap();
        let text = Table::read(&SplitSide::Train.path(&run));
        let probabilities = model.score(&train.frame, &cancel).unwrap();
        let flagged: Vec<usize> = (0..probabilities.len())
            .filter(|&at| probabilities[at] >= model.threshold)
            .collect();
        let (mut cleared, mut columns) = (0, BTreeSet::new());
        for &at in flagged.iter().step_by(flagged.len() / 25) {
            let row = reference.row(&train.frame, at).unwrap();
            assert_eq!(reference.rows.nearest(&row, 1)[0].distance, 0.0);
            let Some(found) = reference
                .smallest_change(&model, &row, model.threshold, &cancel)
                .unwrap()
            else {
                continue;
            };
            cleared += 1;
            assert!(found.before >= model.threshold && found.after < model.threshold);
            for field in found.fields {
                let same = |cell: &&str| match &field.to {
                    Value::Float(to) => cell.parse() == Ok(*to),
                    to => **cell == to.to_string(),
                };
                assert!(text.column(&field.column).iter().any(same), "{field:?}");
                columns.insert(field.column);
            }
        }
        assert!(cleared >= 5, "{cleared} of {}", flagged.len());
        assert!(columns.len() > 1 && !columns.contains("timestamp"), "{columns:?}");
        let told: Vec<usize> = reference.seen.columns().iter().map(|c| c.values.len()).collect();
        assert!(told.iter().all(|count| (1..=64).contains(count)), "{told:?}");
    }
}
