//! YAML text -> tree, with limits that hold whatever the text is: depth, number of values after aliases, one document.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::{
    error::{Position, Problem},
    node::{Entry, Node, Scalar, Value},
    traps,
};

/// Deepest nesting of lists and maps.
pub(super) const DEPTH_MAX: usize = 64;
/// Most values of a configuration, each alias counted as all it stands for.
const NODES_MAX: usize = 100_000;

/// Reads one document. `flag` names the flag the text came from, when it is not a file.
pub(super) fn parse(text: &str, flag: Option<&str>) -> Result<Node, Problem> {
    let mut builder = Builder { text, flag, ..Builder::default() };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| traps::explain(text, &error, |mark| builder.position(mark)))?;
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let hint = "keep one; for variants of it use `environments:`";
                return Err(builder.problem(&span.start, "several documents in one file", hint));
            }
        }
        builder.take(event, &span.start)?;
    }
    builder.root.ok_or_else(|| {
        let hint = "a configuration needs at least target, stages and scenarios".to_owned();
        Problem::new(Position::File, "there is nothing but comments in the file", hint)
    })
}

/// A list or map that is not complete yet.
struct Open {
    node: Node,
    anchor: usize,
    /// Key that waits for its value.
    key: Option<(String, Position)>,
    seen: HashSet<String>,
    start: Marker,
    nodes_before: usize,
    height: usize,
}

/// What an anchor stands for.
struct Anchored {
    node: Node,
    nodes: usize,
    height: usize,
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    flag: Option<&'a str>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn position(&self, mark: &Marker) -> Position {
        self.flag.map_or_else(|| Position::At(mark.line().max(1), mark.col() + 1), |flag| Position::Flag(flag.to_owned()))
    }

    fn problem(&self, mark: &Marker, message: impl Into<String>, hint: &str) -> Problem {
        Problem::new(self.position(mark), message, hint.to_owned())
    }

    fn take(&mut self, event: Event<'_>, mark: &Marker) -> Result<(), Problem> {
        if let Event::Scalar(_, _, _, Some(tag)) | Event::SequenceStart(_, Some(tag)) | Event::MappingStart(_, Some(tag)) = &event
        {
            return Err(self.problem(mark, format!("the tag '{tag}' is not supported"), "remove it, or quote the whole value"));
        }
        match event {
            Event::Scalar(text, style, anchor, _) => self.scalar(&text, style, anchor, mark),
            Event::SequenceStart(anchor, _) => self.begin(Value::List(Vec::new()), anchor, mark),
            Event::MappingStart(anchor, _) => self.begin(Value::Map(Vec::new()), anchor, mark),
            Event::SequenceEnd | Event::MappingEnd => self.end(mark),
            Event::Alias(anchor) => self.alias(anchor, mark),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, mark: &Marker) -> Result<(), Problem> {
        if text.is_empty() && matches!(style, ScalarStyle::Folded | ScalarStyle::Literal) {
            return Err(traps::empty_block(self.text, mark, |mark| self.position(mark)));
        }
        if self.expects_key() {
            return self.key(text, mark);
        }
        let value = Value::Scalar(Scalar::new(text.to_owned(), style == ScalarStyle::Plain));
        let node = Node { position: self.position(mark), value };
        self.count(1, mark)?;
        self.place(node, anchor, 1, 0);
        Ok(())
    }

    fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| matches!(open.node.value, Value::Map(_)) && open.key.is_none())
    }

    fn key(&mut self, key: &str, mark: &Marker) -> Result<(), Problem> {
        let position = self.position(mark);
        if key == "<<" {
            let hint = "repeat the values, or use `environments:` for variants of the configuration";
            return Err(self.problem(mark, "merge keys ('<<') are not supported", hint));
        }
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        if !open.seen.insert(key.to_owned()) {
            let first = open.node.entry(key).map(|entry| match &entry.key_position {
                Position::At(line, _) => format!("the first one is in line {line}; keep one of them"),
                _ => "keep one of them".to_owned(),
            });
            return Err(Problem::new(position, format!("duplicate key '{key}'"), first));
        }
        open.key = Some((key.to_owned(), position));
        Ok(())
    }

    fn begin(&mut self, value: Value, anchor: usize, mark: &Marker) -> Result<(), Problem> {
        self.refuse_as_key(mark)?;
        let nodes_before = self.nodes;
        self.count(1, mark)?;
        self.check_depth(self.open.len() + 1, mark)?;
        let node = Node { position: self.position(mark), value };
        self.open.push(Open { node, anchor, key: None, seen: HashSet::new(), start: *mark, nodes_before, height: 0 });
        Ok(())
    }

    /// A list or map where a key should be; nearly always an unquoted `{{ .. }}`.
    fn refuse_as_key(&self, mark: &Marker) -> Result<(), Problem> {
        match self.open.last() {
            Some(open) if self.expects_key() => {
                Err(traps::key_is_no_text(self.text, &open.start, mark, |mark| self.position(mark)))
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, mark: &Marker) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else {
            return Err(self.problem(mark, "a list or map ends that never began", "check the brackets"));
        };
        let nodes = self.nodes - open.nodes_before;
        self.place(open.node, open.anchor, nodes, open.height + 1);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, mark: &Marker) -> Result<(), Problem> {
        self.refuse_as_key(mark)?;
        let Some(Anchored { node, nodes, height }) = self.anchors.get(&anchor) else {
            return Err(self.problem(mark, "an alias that stands within its own anchor", "write the values out"));
        };
        // Counted before it is copied: a bomb of aliases never unfolds.
        let (nodes, height) = (*nodes, *height);
        if self.nodes + nodes > NODES_MAX {
            return self.count(nodes, mark);
        }
        let node = node.clone();
        self.count(nodes, mark)?;
        self.check_depth(self.open.len() + height, mark)?;
        self.place(node, 0, nodes, height);
        Ok(())
    }

    fn count(&mut self, nodes: usize, mark: &Marker) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values (aliases count as all they stand for)");
            return Err(self.problem(mark, message, "write the configuration without nested aliases"));
        }
        Ok(())
    }

    fn check_depth(&self, depth: usize, mark: &Marker) -> Result<(), Problem> {
        if depth > DEPTH_MAX {
            return Err(traps::too_deep(self.position(mark)));
        }
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn place(&mut self, node: Node, anchor: usize, nodes: usize, height: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, height });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.height = open.height.max(height);
        match &mut open.node.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => {
                if let Some((key, key_position)) = open.key.take() {
                    entries.push(Entry { key, key_position, node });
                }
            }
            Value::Scalar(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text, None).unwrap_err().message
    }

    #[test]
    fn every_value_and_key_knows_its_line_and_column() {
        let root = parse("a: 1\nb:\n  - x\n  - { c: 'é', d: y }\n", None).unwrap();
        let list = root.entry("b").unwrap();
        assert_eq!(list.key_position, Position::At(2, 1));
        let Value::List(items) = &list.node.value else { panic!("{list:?}") };
        assert_eq!(items[0].position, Position::At(3, 5));
        assert_eq!(items[1].entry("d").unwrap().node.position, Position::At(4, 18));
    }

    #[test]
    fn aliases_stand_for_what_they_name_and_bombs_do_not_go_off() {
        let root = parse("a: &x { r: 1 }\nb: *x\n", None).unwrap();
        assert_eq!(root.entry("a").map(|e| &e.node.value), root.entry("b").map(|e| &e.node.value));
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..30 {
            let before = format!("*a{}", n - 1);
            bomb.push_str(&format!("a{n}: &a{n} [{}]\n", vec![before; 10].join(",")));
        }
        assert!(refusal(&bomb).starts_with("more than 100000 values"));
        let chain: String = (1..80).map(|n| format!("b{n}: &b{n} [*b{}]\n", n - 1)).collect();
        assert_eq!(refusal(&format!("b0: &b0 [x]\n{chain}")), "nested deeper than 64 levels");
        assert_eq!(refusal("a: &a [*a]\n"), "an alias that stands within its own anchor");
    }

    #[test]
    fn deep_nesting_is_refused_in_any_style() {
        assert_eq!(refusal(&"[".repeat(500_000)), "nested deeper than 64 levels");
        assert_eq!(refusal(&"{a: ".repeat(5_000)), "nested deeper than 64 levels");
        let block: String = (0..300).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert_eq!(refusal(&block), "nested deeper than 64 levels");
    }
}
