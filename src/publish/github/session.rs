//! One gate as its pull request sees it: a check opened before the load, then the comment and the end of the check.

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use super::{
    annotations::Level,
    check_run::{Check, Finding, Label},
    client::Api,
    comment::{Existing, Posted, Text, Thread},
    event::{Context, Surroundings},
    pulls, remarks,
    retry::Patience,
    trouble::ApiError,
};
use crate::{
    clock,
    report::{
        CommentMode,
        comment::{Conclusion, State},
    },
};

/// What is posted, and under which names.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When there is a comment.
    pub comment: CommentMode,
    /// Tells the comments of one pull request apart.
    pub key: String,
    /// Whether the commit gets a check.
    pub check: bool,
    /// How patient one is before the load.
    pub before: Patience,
    /// How patient one is after it.
    pub after: Patience,
}

impl Settings {
    /// The name that required checks are found by.
    #[must_use]
    pub fn check_name(&self) -> String {
        format!("loadgate / {}", self.key)
    }
}

/// What a gate has to say.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the comment keeps for later runs.
    pub state: State,
    /// The whole comment, longest first; a shorter one is taken where GitHub refuses the one before.
    pub texts: Vec<String>,
    /// The check.
    pub finding: Finding,
}

/// What came of posting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The page of the comment.
    pub comment: Option<String>,
    /// The page of the check.
    pub check: Option<String>,
    /// Whether a comment was wanted and is not there.
    pub comment_is_missing: bool,
    /// Whether the findings stand beside the lines of files.
    pub annotated: bool,
    /// What the user of the workflow should know.
    pub remarks: Vec<(Level, String)>,
}

/// A gate that is being told of.
pub struct Session {
    runtime: Runtime,
    desk: Desk,
}

/// All but the runtime, which drives it.
struct Desk {
    api: Api,
    context: Context,
    settings: Settings,
    /// `None` until GitHub said whether there is one.
    pull: Option<Option<u64>>,
    previous: Option<State>,
    check: Option<Check>,
    /// What the check shall say, since that is known.
    finding: Option<Finding>,
    completed: bool,
    /// Whether the completed check has the findings beside the lines of files.
    annotated: bool,
    remarks: Vec<(Level, String)>,
}

impl Session {
    /// Opens the check, and says in a comment that is there already that a measurement began. `None` where there is no token.
    ///
    /// # Errors
    /// There is no way to talk to GitHub at all. What can't be posted now may be later, and is no error.
    pub fn begin(surroundings: &Surroundings, settings: Settings, started: Option<Timestamp>) -> Result<Option<Self>, ApiError> {
        let Some(server) = &surroundings.server else { return Ok(None) };
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ApiError::unreachable("a runtime", &error.to_string()))?;
        let api = {
            let _within = runtime.enter();
            Api::new(server, settings.before)?
        };
        let context = surroundings.context.clone();
        let mut desk = Desk {
            api,
            context,
            settings,
            pull: None,
            previous: None,
            check: None,
            finding: None,
            completed: false,
            annotated: false,
            remarks: Vec::new(),
        };
        runtime.block_on(desk.begin(started));
        Ok(Some(Self { runtime, desk }))
    }

    /// What the comment says of an earlier run, where there is one.
    #[must_use]
    pub fn previous(&self) -> Option<&State> {
        self.desk.previous.as_ref()
    }

    /// Posts the verdict.
    pub fn finish(mut self, report: &Report) -> Told {
        let Self { runtime, desk } = &mut self;
        desk.api.renew(desk.settings.after);
        runtime.block_on(desk.finish(report))
    }

    /// Says that there is no verdict, and no comment is missed then. On top of one that is kept up to date it says why, where that is given.
    pub fn give_up(mut self, finding: &Finding, why: Option<&str>) -> Told {
        let Self { runtime, desk } = &mut self;
        // After a signal the runner kills soon; a gate that failed by itself has time.
        desk.api.renew(if finding.conclusion == Conclusion::Cancelled { Patience::SHORT } else { desk.settings.after });
        runtime.block_on(async {
            desk.complete(finding).await;
            match why.filter(|_| desk.settings.comment == CommentMode::Sticky) {
                Some(why) => desk.say_why(why).await,
                None => desk.withdraw().await,
            }
        });
        desk.told(None, false)
    }
}

impl Drop for Session {
    /// Nothing is left in progress, whatever went wrong. A verdict that could not be told is told again, and none is made up for it.
    fn drop(&mut self) {
        let Self { runtime, desk } = self;
        if desk.check.is_some() && !desk.completed {
            // What was found stands in the log by now, and may have come through already: sent again, it would be there twice.
            let known = desk.finding.take().map(|finding| Finding { annotations: Vec::new(), ..finding });
            let finding = known.unwrap_or_else(without_verdict);
            desk.api.renew(Patience::SHORT);
            runtime.block_on(async {
                desk.complete(&finding).await;
                desk.withdraw().await;
            });
        }
    }
}

impl Desk {
    async fn begin(&mut self, started: Option<Timestamp>) {
        // What fails here is tried again after the load, and told then.
        let opened = match self.label() {
            Some(label) => label.open(&now()).await.ok(),
            None => None,
        };
        self.check = opened;
        self.pull = pulls::find(&self.api, &self.context).await.ok();
        let Some(Some(number)) = self.pull.filter(|_| self.settings.comment != CommentMode::Off) else { return };
        let thread = self.thread(number);
        self.previous = match (started, self.settings.comment) {
            (Some(started), CommentMode::Sticky) => thread.announce(&self.state(), started).await.ok().flatten(),
            _ => thread.ours().await.ok().and_then(|ours| ours.first().map(Existing::state)),
        };
    }

    async fn finish(&mut self, report: &Report) -> Told {
        self.complete(&report.finding).await;
        match self.comment(report).await {
            Ok(posted) => self.told(posted, false),
            Err(error) => {
                self.note("The comment could not be posted", &error);
                self.told(None, true)
            }
        }
    }

    async fn comment(&mut self, report: &Report) -> Result<Option<String>, ApiError> {
        if self.settings.comment == CommentMode::Off {
            return Ok(None);
        }
        let number = match self.pull {
            Some(known) => known,
            None => pulls::find(&self.api, &self.context).await?,
        };
        self.pull = Some(number);
        let Some(number) = number else {
            if self.context.event == "workflow_run" {
                self.remarks.push(remarks::no_pull_request());
            }
            return Ok(None);
        };
        let text = Text { rungs: &report.texts, state: report.state.clone(), mode: self.settings.comment };
        let posted = self.thread(number).write(&text).await?;
        Ok(match posted {
            Posted::There(url) => url,
            Posted::Over(url) => {
                self.remarks.push(remarks::shared_key(&self.settings.key));
                url
            }
            Posted::NotWanted => None,
            Posted::Newer => {
                // That of the later commit may never come to write, and then nobody would take our line away.
                self.withdraw().await;
                self.remarks.push(remarks::newer());
                None
            }
        })
    }

    async fn complete(&mut self, finding: &Finding) {
        self.finding = Some(finding.clone());
        if self.check.is_none() {
            let made = match self.label() {
                Some(label) => label.find_or_open(&now()).await,
                None => return,
            };
            match made {
                Ok(check) => self.check = Some(check),
                Err(error) => self.note("The check could not be made", &error),
            }
        }
        let completed = match (&self.check, self.label()) {
            (Some(check), Some(label)) => label.complete(check, finding, &now()).await,
            _ => return,
        };
        match completed {
            Ok(annotated) => (self.completed, self.annotated) = (true, annotated),
            Err(error) => self.note("The check could not be completed", &error),
        }
    }

    /// What our check is called; `None` where there is none to be.
    fn label(&self) -> Option<Label<'_>> {
        let sha = self.context.head_sha.as_deref().filter(|_| self.settings.check)?;
        let run = &self.context.run;
        let external = format!("{}/{}/{}", run.id, run.attempt, self.settings.key);
        Some(Label { api: &self.api, context: &self.context, sha, name: self.settings.check_name(), external })
    }

    /// Says on a comment that is there why it does not tell of the commit that was to be measured.
    async fn say_why(&self, why: &str) {
        if let Some(Some(number)) = self.pull.filter(|_| self.previous.is_some()) {
            let _ = self.thread(number).no_verdict(&self.state(), why).await;
        }
    }

    /// Takes the line away that says what is being measured.
    async fn withdraw(&self) {
        if let Some(Some(number)) = self.pull.filter(|_| self.previous.is_some()) {
            let sha = self.context.head_sha.as_deref().unwrap_or_default();
            let _ = self.thread(number).withdraw(sha).await;
        }
    }

    fn thread(&self, number: u64) -> Thread<'_> {
        Thread { api: &self.api, context: &self.context, number, key: &self.settings.key }
    }

    /// That of a run without a verdict yet.
    fn state(&self) -> State {
        let run = &self.context.run;
        State { run: Some(run.id.into()), attempt: Some(run.attempt), sha: self.context.head_sha.clone(), ..State::default() }
    }

    /// Says what could not be done, once for all of a kind.
    fn note(&mut self, what: &str, error: &ApiError) {
        let (level, text) = remarks::trouble(what, error, &self.context);
        let remark = (level, self.api.masked(&text));
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    fn told(&mut self, comment: Option<String>, comment_is_missing: bool) -> Told {
        let check = match &self.check {
            Some(Check::Run { url, .. }) => url.clone(),
            Some(Check::Status) => {
                self.remarks.push(remarks::only_status());
                None
            }
            None => None,
        };
        Told { comment, check, comment_is_missing, annotated: self.annotated, remarks: std::mem::take(&mut self.remarks) }
    }
}

/// Of a gate that something ended before it had anything to say.
fn without_verdict() -> Finding {
    Finding {
        conclusion: Conclusion::Failure,
        title: "loadgate ended before it had a verdict".to_owned(),
        summary: "The gate ended before it had a verdict. The log of the run says why.".to_owned(),
        annotations: Vec::new(),
    }
}

/// As GitHub writes moments.
fn now() -> String {
    clock::wall().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
