use super::*;

fn scope(names: &[(&str, Value)]) -> Arc<Scope> {
    let own = names.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect();
    let mut scope = Scope::default();
    (scope.own, scope.now) = (own, jiff::Timestamp::from_millisecond(1_700_000_000_123).unwrap());
    scope.begin(42, 7, 3);
    Arc::new(scope)
}

fn rendered(source: &str, purpose: Purpose, scope: &Arc<Scope>) -> Result<String, String> {
    let mut compiler = Compiler::default();
    let id = compiler.add(source, purpose).map_err(|error| error.message)?;
    compiler.finish().render(&id, scope).map_err(|error| error.message)
}

fn text(source: &str) -> Result<String, String> {
    rendered(source, Purpose::Text, &scope(&[("id", Value::from("a b")), ("list", Value::from(vec![1, 2, 3]))]))
}

#[test]
fn values_and_functions_are_filled_in() {
    assert_eq!(text("{{ vu }}/{{ iteration }}/{{ id }}"), Ok("7/3/a b".to_owned()));
    assert_eq!(text("{{ now() }}"), Ok("1700000000123".to_owned()));
    assert_eq!(text("{{ now('rfc3339') }}"), Ok("2023-11-14T22:13:20.123Z".to_owned()));
    assert_eq!(text("{{ id|upper }}\n"), Ok("A B\n".to_owned()), "a body keeps its last line break");
}

#[test]
fn what_is_put_into_a_regular_expression_means_itself() {
    let scope = scope(&[("id", Value::from("a.b(")), ("n", Value::from(7))]);
    assert_eq!(rendered("^{{ id }}.{{ n }}$", Purpose::Pattern, &scope), Ok(r"^a\.b\(.7$".to_owned()));
}

#[test]
fn random_values_depend_on_seed_user_and_iteration_alone() {
    let source = "{{ rand(1, 1000000) }} {{ uuid() }} {{ pick(list) }}";
    let drawn = |seed, vu, iteration| {
        let mut scope = Scope::default();
        scope.own.insert("list".into(), Value::from(vec![1, 2, 3]));
        scope.begin(seed, vu, iteration);
        rendered(source, Purpose::Text, &Arc::new(scope)).unwrap()
    };
    assert_eq!(drawn(1, 2, 3), drawn(1, 2, 3));
    let others = [drawn(2, 2, 3), drawn(1, 3, 3), drawn(1, 2, 4)];
    assert!(others.iter().all(|other| *other != drawn(1, 2, 3)), "{others:?}");
}

#[test]
fn rand_reaches_both_ends_and_nothing_beyond() {
    let scope = scope(&[]);
    let mut compiler = Compiler::default();
    let id = compiler.add("{{ rand(-1, 2) }}", Purpose::Text).unwrap();
    let (whole, templates) = (compiler.add("{{ rand(1.5, 2) }}", Purpose::Text).unwrap(), compiler.finish());
    let drawn: BTreeSet<String> = (0..500).map(|_| templates.render(&id, &scope).unwrap()).collect();
    assert_eq!(drawn, ["-1", "0", "1", "2"].map(str::to_owned).into());
    let between = (0..100).map(|_| templates.render(&whole, &scope).unwrap().parse::<f64>().unwrap());
    assert!(between.clone().all(|number| (1.5..2.0).contains(&number)) && between.count() == 100);
    assert_eq!(text(&format!("{{{{ rand({}, {}) }}}}", i64::MAX, i64::MAX)), Ok(i64::MAX.to_string()));
}

#[test]
fn a_uuid_is_of_version_4_and_new_each_time() {
    let drawn = text("{{ uuid() }} {{ uuid() }}").unwrap();
    let (first, second) = drawn.split_once(' ').unwrap();
    assert_ne!(first, second);
    assert!(first.len() == 36 && first.as_bytes()[14] == b'4', "{first}");
}

#[test]
fn a_path_takes_what_is_legal_as_it_is_and_encodes_the_rest() {
    let scope = scope(&[("id", Value::from("a b/ü?x=1&y=%20%zz#\"{")), ("plain", Value::from("x/y"))]);
    let path = |source| rendered(source, Purpose::Path, &scope);
    assert_eq!(path("/i/{{ id }}"), Ok("/i/a%20b/%C3%BC?x=1&y=%20%25zz%23%22%7B".to_owned()));
    assert_eq!(path("/i/{{ plain|urlencode }}"), Ok("/i/x/y".to_owned()), "a slash always stays");
    assert_eq!(path("/i/{{ plain|urlencode|replace('/', '%2F') }}"), Ok("/i/x%2Fy".to_owned()), "unless one says otherwise");
}

#[test]
fn json_keeps_types_and_quotes() {
    let scope = scope(&[("n", Value::from(5)), ("s", Value::from("a\"b\n")), ("list", Value::from(vec![1, 2]))]);
    let json = |source| rendered(source, Purpose::Json, &scope);
    assert_eq!(json("{{ n }}"), Ok("5".to_owned()));
    assert_eq!(json("{{ s }}"), Ok(r#""a\"b\n""#.to_owned()));
    assert_eq!(json("{{ list }}"), Ok("[1,2]".to_owned()));
    assert_eq!(json("{{ n == 5 }}"), Ok("true".to_owned()));
}

#[test]
fn what_can_not_be_rendered_is_said_in_words() {
    assert_eq!(text("{{ item_id }}"), Err("'item_id' is undefined".to_owned()));
    assert_eq!(text("{{ id }}{{ users.name|upper }}"), Err("'users.name' is undefined".to_owned()));
    assert_eq!(
        text("{{ list }}"),
        Err("a list can't stand in a text; name one value of it, or use pick() or |tojson".to_owned())
    );
    assert_eq!(text("{{ rand(5, 1) }}"), Err("rand(5, 1): the first is the larger one".to_owned()));
    assert_eq!(text("{{ rand('a', 1) }}"), Err("rand(a, 1): both must be numbers".to_owned()));
    assert_eq!(text("{{ pick(id) }}"), Err("pick() takes a list or a feeder, and this is string".to_owned()));
    assert_eq!(text("x{{ pick([{'a': 1}]).b }}"), Err("'pick([{'a': 1}]).b' is undefined".to_owned()));
    assert_eq!(text("{{ pick(list).idd }}"), Err("'pick(list).idd' is undefined".to_owned()));
    assert_eq!(text("{{ rand(1, n) }}"), Err("what rand() is given is undefined".to_owned()));
    assert_eq!(text("{{ pick([]) }}"), Err("pick() from an empty list".to_owned()));
    assert_eq!(text("{{ now('iso') }}"), Err("now('iso'): write now() or now('rfc3339')".to_owned()));
}

#[test]
fn no_template_runs_for_ever_or_fills_the_memory() {
    let long = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    assert_eq!(text(long), Err("it takes more than 100000 steps".to_owned()));
    let large = "{% set s = 'xxxxxxxxxx' * 100 %}{% for a in range(2000) %}{{ s }}{% endfor %}";
    assert_eq!(text(large), Err("what was rendered is larger than 1 MiB".to_owned()));
}

#[test]
fn the_names_a_template_needs_are_known_before_it_is_rendered() {
    let mut compiler = Compiler::default();
    let source =
        "{{ users.name }} {{ rand(1, n) }} {% set x = 1 %}{{ x }} {% for i in range(3) %}{{ i }}{{ loop.index }}{% endfor %}";
    let id = compiler.add(source, Purpose::Text).unwrap();
    assert_eq!(compiler.names(&id), ["n", "users.name"].map(str::to_owned).into());
}

#[test]
fn a_rehearsal_finds_what_never_could_be_rendered() {
    let rehearsed = |source: &str| {
        let mut compiler = Compiler::default();
        let id = compiler.add(source, Purpose::Text).unwrap();
        compiler.rehearse(&id).map_err(|error| error.offset)
    };
    assert!(rehearsed("x {{ 1|uper }}").is_err());
    assert!(rehearsed("{{ rand(1) }}").is_err());
    assert_eq!(rehearsed("{{ vu + 1 }}"), Ok(()));
    assert_eq!(rehearsed("{{ item_id }}"), Ok(()), "values may come later");
    assert!(rehearsed("{{ rand(10, 1) }}").is_err() && rehearsed("{{ now('iso') }}").is_err());
    assert_eq!(rehearsed("{{ rand(10, vu) }}"), Ok(()), "it may be that users have large numbers");
    assert_eq!(rehearsed("{{ rand(1, n) }}{{ pick(items) }}"), Ok(()));
}

#[test]
fn one_expression_and_nothing_else_is_told_from_a_text() {
    let compiler = Compiler::default();
    assert!(compiler.is_expression(" {{ rand(1, 5) }} ") && compiler.is_expression("{{ {'a': {'b': 1}} }}"));
    assert!(!compiler.is_expression("{{ a }} and {{ b }}") && !compiler.is_expression("x{{ a }}"));
}
