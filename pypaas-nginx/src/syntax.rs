//! nginx's syntax, as far as it must be known to print someone else's directives.

/// What is known of a text after reading it as nginx does (`ngx_conf_read_token`).
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The directives outside of inner blocks, each as its words.
    pub(crate) directives: Vec<Vec<String>>,
    /// The same directives as they are written, without what follows them.
    pub(crate) sources: Vec<String>,
    /// The directives inside of them.
    pub(crate) inner: Vec<WrittenDirective>,
    /// For each line whether it begins inside of a value that spans lines: its leading blanks belong to the value.
    pub(crate) within_value: Vec<bool>,
    /// Why the text would not end where it ends, if so.
    pub(crate) flaw: Option<&'static str>,
}

/// One directive of a configuration, and where it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenDirective {
    /// The names of the blocks around it, the outermost first.
    pub within: Vec<String>,
    /// Its name and parameters, without quotes.
    pub words: Vec<String>,
}

/// Lists the directives of an nginx configuration file, blocks included, those of `text` itself first.
pub fn directives(text: &str) -> Vec<WrittenDirective> {
    let Reading { directives, inner, .. } = read(text);
    let outer = directives.into_iter().map(|words| WrittenDirective { within: Vec::new(), words });
    outer.chain(inner).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    BetweenWords,
    Word,
    Quoted(char),
    Comment,
    /// In Lua, which has a syntax of its own, inside of so many braces.
    Lua(usize),
}

/// Reads directives.
pub(crate) fn read(text: &str) -> Reading {
    let mut reader = Reader {
        place: Place::BetweenWords,
        open: Vec::new(),
        text,
        at: 0,
        start: 0,
        words: Vec::new(),
        found: Reading::default(),
    };
    reader.found.within_value.push(false);
    let (mut escaped, mut variable) = (false, false);
    for (at, c) in text.char_indices() {
        reader.at = at;
        if escaped {
            reader.add(c);
        } else {
            reader.take(c, variable);
        }
        if c == '\n' {
            let within = escaped || matches!(reader.place, Place::Quoted(_) | Place::Lua(_));
            reader.found.within_value.push(within);
        }
        let in_directive = !matches!(reader.place, Place::Comment | Place::Lua(_));
        escaped = !escaped && c == '\\' && in_directive;
        variable = c == '$';
    }
    reader.finish()
}

struct Reader<'a> {
    text: &'a str,
    /// The byte that is read.
    at: usize,
    /// The byte at which the directive begins.
    start: usize,
    place: Place,
    /// The names of the blocks that are open.
    open: Vec<String>,
    words: Vec<String>,
    found: Reading,
}

impl Reader<'_> {
    fn take(&mut self, c: char, variable: bool) {
        match (self.place, c) {
            (Place::Comment, '\n') => self.place = Place::BetweenWords,
            (Place::Comment, _) => {}
            (Place::Lua(1), '}') => self.place = Place::BetweenWords,
            (Place::Lua(braces), '}') => self.place = Place::Lua(braces - 1),
            (Place::Lua(braces), '{') => self.place = Place::Lua(braces + 1),
            (Place::Lua(_), _) => {}
            (Place::Quoted(mark), _) if c == mark => self.place = Place::BetweenWords,
            (Place::Quoted(_), _) => self.add(c),
            (Place::Word, '{') if variable => self.add(c),
            (_, ' ' | '\t' | '\r' | '\n') => self.place = Place::BetweenWords,
            (_, ';') => self.end_directive(),
            (_, '{') => self.open_block(),
            (Place::BetweenWords, '}') => self.close_block(),
            (Place::BetweenWords, '#') => self.place = Place::Comment,
            (Place::BetweenWords, '"' | '\'') => self.begin_word(Place::Quoted(c)),
            (Place::BetweenWords, _) => {
                self.begin_word(Place::Word);
                self.add(c);
            }
            (Place::Word, _) => self.add(c),
        }
    }

    fn begin_word(&mut self, place: Place) {
        self.place = place;
        if self.words.is_empty() {
            self.start = self.at;
        }
        self.words.push(String::new());
    }

    fn add(&mut self, c: char) {
        if let Some(word) = self.words.last_mut() {
            word.push(c);
        }
    }

    fn end_directive(&mut self) {
        self.place = Place::BetweenWords;
        let words = std::mem::take(&mut self.words);
        match self.open.as_slice() {
            _ if words.is_empty() => {}
            [] => {
                self.found.directives.push(words);
                let source = self.text.get(self.start..=self.at).unwrap_or_default();
                self.found.sources.push(source.to_owned());
            }
            within => self.found.inner.push(WrittenDirective { within: within.to_vec(), words }),
        }
    }

    fn open_block(&mut self) {
        let name = self.words.first().cloned().unwrap_or_default();
        self.end_directive();
        if name.ends_with("_by_lua_block") {
            self.place = Place::Lua(1);
        } else {
            self.open.push(name);
        }
    }

    fn close_block(&mut self) {
        self.end_unfinished();
        if self.open.pop().is_none() {
            self.blame("closes a block that it did not open");
        }
    }

    fn end_unfinished(&mut self) {
        if !self.words.is_empty() {
            self.blame("has a directive without `;` at its end");
            self.words.clear();
        }
    }

    fn blame(&mut self, flaw: &'static str) {
        self.found.flaw.get_or_insert(flaw);
    }

    fn finish(mut self) -> Reading {
        match self.place {
            Place::Quoted(_) => self.blame("ends inside of quotes"),
            Place::Lua(_) => self.blame("does not close a block that it opened"),
            Place::BetweenWords | Place::Word | Place::Comment => self.end_unfinished(),
        }
        if !self.open.is_empty() {
            self.blame("does not close a block that it opened");
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(text: &str) -> Option<&'static str> {
        read(text).flaw
    }

    #[test]
    fn directives_are_found_and_inner_ones_are_not() {
        let text = "gzip on; # gzip off;\nif ($uri ~ \"a;{b}\") { return 404; }\nset $x '${y}{';expires 1h;";
        let names: Vec<String> = read(text).directives.into_iter().map(|mut it| it.remove(0)).collect();
        assert_eq!(names, ["gzip", "if", "set", "expires"]);
    }

    #[test]
    fn inner_directives_know_their_blocks() {
        let text = "user x;\nhttp {\n    include 'a b/*.conf'; # include c;\n    server { listen 80; }\n}\n";
        let all: Vec<String> = directives(text)
            .into_iter()
            .map(|it| format!("{}: {}", it.within.join(">"), it.words.join(" ")))
            .collect();
        assert_eq!(
            all,
            [": user x", ": http", "http: include a b/*.conf", "http: server", "http>server: listen 80"]
        );
    }

    #[test]
    fn directives_are_kept_as_they_are_written() {
        let reading = read("# x\n  add_header X-A 'a; {b}' always;gzip on;\nif ($a) { b; }");
        assert_eq!(reading.sources, ["add_header X-A 'a; {b}' always;", "gzip on;", "if ($a) {"]);
    }

    #[test]
    fn words_keep_what_was_quoted() {
        let words = read(r#"add_header X "a \" b" ${q}x;"#).directives.remove(0);
        assert_eq!(words, ["add_header", "X", r#"a \" b"#, "${q}x"]);
    }

    #[test]
    fn a_text_that_ends_where_it_should_has_no_flaw() {
        for text in ["", "# just this", "a b;", "a { b; }", "a '}';", r#"a "\"}";"#, r"a \;b;", "a {} # }"] {
            assert_eq!(flaw(text), None, "{text}");
        }
        assert_eq!(flaw("content_by_lua_block { -- don't\n local t = {} }\n"), None);
    }

    #[test]
    fn a_text_that_would_swallow_what_follows_is_flawed() {
        assert_eq!(flaw("gzip on"), Some("has a directive without `;` at its end"));
        assert_eq!(flaw("a { b }"), Some("has a directive without `;` at its end"));
        assert_eq!(flaw("gzip on; }"), Some("closes a block that it did not open"));
        assert_eq!(flaw("} location /x {"), Some("closes a block that it did not open"));
        assert_eq!(flaw("if (a) {"), Some("does not close a block that it opened"));
        assert_eq!(flaw("a_by_lua_block { {}"), Some("does not close a block that it opened"));
        assert_eq!(flaw("a \"b;"), Some("ends inside of quotes"));
    }

    #[test]
    fn lines_inside_of_values_are_known() {
        assert_eq!(read("a 'b\n  c';\nd;\n").within_value, [false, true, false, false]);
        assert_eq!(read("a \\\n  c;\n").within_value, [false, true, false]);
        assert_eq!(read("x_by_lua_block {\n  y\n}\n").within_value, [false, true, true, false]);
    }
}
