//! Owns the tests of what is written: quotes, numbers, sizes, refusals. What engines make of it is `tests/export_sql.rs`'s.

use proptest::prelude::*;

use super::expression::Expr;
use super::limits::check;
use super::*;

#[test]
fn names_and_texts_by_hand() {
    let odd = "a`b\"c'd\\e";
    let written = Dialect::ALL.map(|d| (d.identifier(odd), d.text(odd)));
    let expected = [
        (r#"`a\`b"c'd\\e`"#, r#"'a`b"c\'d\\e'"#),
        (r#""a`b""c'd\e""#, r#"'a`b"c''d\e'"#),
        (r#"`a``b"c'd\e`"#, r#"'a`b"c\'d\\e'"#),
    ];
    for (written, expected) in written.iter().zip(expected) {
        assert_eq!((written.0.as_str(), written.1.as_str()), expected);
    }
    for dialect in Dialect::ALL {
        assert_eq!(dialect.name().parse(), Ok(dialect));
    }
    assert!("oracle".parse::<Dialect>().is_err());
}

#[test]
fn numbers_by_hand() {
    for (value, text) in [
        (0.0, "0e0"),
        (-0.0, "0e0"),
        (1.0, "1e0"),
        (0.1, "1e-1"),
        (-2.5, "(-2.5e0)"),
        (f64::MAX, "1.7976931348623157e308"),
    ] {
        assert_eq!(Expr::number(value).text, text);
    }
    assert_eq!(Expr::int(-7).text, "(-7)");
    assert_eq!(Expr::int(i64::MIN).text, "((-9223372036854775807) - 1)");
}

#[test]
fn expressions_by_hand() {
    let (a, one, two) = (Expr::name("a"), Expr::int(1), Expr::int(2));
    assert_eq!(a.is_one_of(&[]).text, "(1 = 0)");
    assert_eq!(a.is_one_of(std::slice::from_ref(&one)).text, "(a = 1)");
    assert_eq!(a.is_one_of(&[one.clone(), two.clone()]).text, "(a IN (1, 2))");
    let case = Expr::case(&[(a.is_null(), one.clone()), (a.operator("<", &two), two.clone())], &a);
    assert_eq!(case.text, "CASE WHEN (a IS NULL) THEN 1 WHEN (a < 2) THEN 2 ELSE a END");
    assert_eq!(Expr::case(&[], &a), a);
    assert_eq!(Expr::sum(&[]).text, "0e0");
    assert_eq!(Expr::sum(&[a.clone(), one.clone(), two]).text, "(a + 1 + 2)");
}

proptest! {
    #[test]
    fn numbers_read_back(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let text = Expr::number(value).text;
        let bare = text.trim_start_matches('(').trim_end_matches(')');
        prop_assert_eq!(bare.parse::<f64>().unwrap(), value);
        // Without an exponent it would be a decimal to DuckDB and Spark.
        prop_assert!(bare.contains('e'));
    }

    #[test]
    fn long_sums_stay_shallow(terms in 1_usize..5000) {
        let sum = Expr::sum(&vec![Expr::name("a"); terms]);
        prop_assert!(sum.depth <= 400, "{}", sum.depth);
        prop_assert_eq!(sum.text.matches('a').count(), terms);
        prop_assert_eq!(sum.elements, 3 * terms - 2);
    }
}

#[test]
fn what_is_too_large_is_refused_with_limit_and_size() {
    let expr = |bytes: usize, elements: usize, depth: usize| Expr {
        text: "x".repeat(bytes),
        elements,
        depth,
    };
    let told = |expr: &Expr, more: bool| check(expr, more, || "5 trees".to_owned()).map_err(|e| e.to_string());
    assert_eq!(told(&expr(MOST_BYTES, MOST_ELEMENTS, MOST_DEPTH), false), Ok(()));
    for (expr, words) in [
        (
            expr(MOST_BYTES + 1, 1, 1),
            "262,145 bytes of at most 262,144 (max_query_size of ClickHouse",
        ),
        (
            expr(1, 50_001, 1),
            "50,001 elements of at most 50,000 (max_ast_elements",
        ),
        (expr(1, 1, 1_001), "1,001 levels of at most 1,000 (max_ast_depth"),
    ] {
        let text = told(&expr, false).unwrap_err();
        assert!(text.contains(words) && text.contains("the model has 5 trees"), "{text}");
        assert!(told(&expr, true).unwrap_err().contains("more than"));
    }
}
