//! The structure of a JSON document, without its values: what discovery counts of a body.
//!
//! In: the bytes of a body. Out: JSON again, in the form that services/discovery/shape.py reads:
//! kinds, formats and names, each kind once. Documents of the same structure give the same text,
//! so that whoever counts may count texts. Of an array all items are one place; a name that only
//! some of them have says so (`"n":0`).

mod personal;
mod scan;
mod tree;
mod words;

/// The outline; None: it is no JSON, or nests deeper than anyone reads. With `texts`, strings are
/// texts that may be numbers or booleans, as in XML.
pub fn outline(data: &[u8], texts: bool) -> Option<String> {
    let data = std::str::from_utf8(data).ok()?;
    let root = scan::read(data, texts)?;
    let mut out = String::with_capacity(256);
    root.write(None, &mut out);
    Some(out)
}

/// The same of one text that may be a number or a boolean: a parameter or a form field.
pub fn outline_text(text: &str) -> String {
    let mut place = tree::Place::default();
    place.take(words::of_text(text));
    let mut out = String::with_capacity(48);
    place.write(None, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::{outline, outline_text};

    fn of(text: &str) -> String {
        outline(text.as_bytes(), false).unwrap()
    }

    #[test]
    fn a_document_is_its_names_and_kinds() {
        assert_eq!(
            of(r#" {"b": [1, 2.5], "a": "2026-11-23", "c": null} "#),
            concat!(
                r#"{"k":{"objects":1},"p":{"a":{"k":{"strings":1},"f":["date"]},"#,
                r#""b":{"k":{"arrays":1},"i":{"k":{"integers":1,"numbers":1}}},"c":{"k":{"nulls":1}}}}"#
            )
        );
    }

    #[test]
    fn rows_are_one_place_and_say_what_some_lack() {
        let one = of(r#"[{"a": 1, "b": "x"}, {"a": 2}]"#);
        assert_eq!(
            one,
            concat!(
                r#"{"k":{"arrays":1},"i":{"k":{"objects":1},"p":{"a":{"k":{"integers":1}},"#,
                r#""b":{"k":{"strings":1},"n":0,"f":[""]}}}}"#
            )
        );
        assert_eq!(
            one,
            of(r#"[{"a": 7}, {"b": "y", "a": 1}, {"a": 0}]"#),
            "neither order nor number"
        );
        assert!(of(r#"[{"a": 1}, {"a": "x"}]"#).contains(r#""strings":1},"n":1"#));
    }

    #[test]
    fn values_that_are_names_are_kept_apart() {
        let map = of(r#"{"17": 1, "ann@shop.example": 2, "total": 3}"#);
        assert_eq!(
            map,
            concat!(
                r#"{"k":{"objects":1},"p":{"total":{"k":{"integers":1}}},"#,
                r#""o":{"k":{"integers":1}}}"#
            )
        );
        let many: Vec<String> = (0..101).map(|i| format!(r#""key {i}x": 1"#)).collect();
        assert_eq!(
            of(&format!("{{{}}}", many.join(","))),
            r#"{"k":{"objects":1},"o":{"k":{"integers":1}},"m":true}"#
        );
    }

    #[test]
    fn what_is_no_json_has_no_outline() {
        for text in [
            "",
            "{",
            "[1,]",
            r#"{"a" 1}"#,
            "01",
            "1.",
            "tru",
            "[1] 2",
            "\"\u{1}\"",
            r#""\x""#,
            "-",
            r#"{"a":1,}"#,
            "1e",
            "nul",
        ] {
            assert_eq!(outline(text.as_bytes(), false), None, "{text:?}");
        }
        assert_eq!(outline(b"\"\xff\"", false), None);
        assert_eq!(outline("[".repeat(100_000).as_bytes(), false), None);
    }

    #[test]
    fn what_is_deep_is_cut() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(50), "}".repeat(50));
        let cut = of(&deep);
        assert_eq!(cut.matches(r#""a""#).count(), 10);
        assert!(cut.contains(r#""c":true"#));
    }

    #[test]
    fn texts_may_be_something_else() {
        for (text, kind) in [
            ("17", "integers"),
            ("-1", "integers"),
            ("007", "strings"),
            ("2.50", "numbers"),
            ("true", "booleans"),
            ("x", "strings"),
            ("", "strings"),
            ("1.2.3", "strings"),
        ] {
            assert!(outline_text(text).contains(kind), "{text}");
        }
        assert!(
            outline(br#"{"a":"17"}"#, true)
                .unwrap()
                .contains("integers")
        );
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(of(r#"{"a":1}"#), of(r#"{"a":1}"#));
        assert!(of(r#""https:\/\/a.example""#).contains("uri"));
        assert!(of(r#"{"a\"b":1}"#).contains(r#""a\"b":"#));
        assert!(of(r#"{"😀":1}"#).contains("\u{1f600}"));
    }
}
