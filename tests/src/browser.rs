//! A person at a browser: a real headless Chromium, driven through its driver, in words that a story can be read in.
//!
//! Each [`Browser`] has a driver and a profile of its own and takes them away when it is dropped. Nothing sleeps blindly:
//! what a story waits for is asked of the page until it is there or a minute is over, and then the story fails with what
//! the page said instead. Pictures are kept under `target/screenshots/STORY/STEP-WIDTH-THEME.png`, to be looked at.
//!
//! The variable `PACKTWIN_TEST_CHROMEDRIVER` names the driver; `./tests/run` sets it. Where it is missing the run says so,
//! and fails when `CI` is set.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Names the driver's program.
const DRIVER_VARIABLE: &str = "PACKTWIN_TEST_CHROMEDRIVER";
/// How long a page may take to say what a story waits for, on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the page is asked.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// No picture is taller than this; a longer page is cut.
const PICTURE_HEIGHT_MAX: u64 = 4000;
/// The tab key, as the driver wants it.
const TAB: &str = "\u{e004}";
/// The enter key, as the driver wants it.
pub const ENTER: &str = "\u{e007}";
/// The escape key, as the driver wants it.
pub const ESCAPE: &str = "\u{e00c}";
/// What a person can click.
const CLICKABLE: &str = "self::a or self::button or self::summary or self::label";

/// A width that a story is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// A desk.
    Desk,
    /// A tablet held upright.
    Tablet,
}

impl Screen {
    fn size(self) -> (u32, u32) {
        match self {
            Screen::Desk => (1440, 900),
            Screen::Tablet => (820, 1180),
        }
    }
}

/// One person at one browser.
pub struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    driver: Child,
    port: u16,
    story: String,
    width: u32,
    _profile: TempDir,
}

impl Browser {
    /// Opens a browser for a story, or `None` where there is no driver.
    ///
    /// # Panics
    /// When there is no driver although `CI` is set, or the browser does not start.
    pub fn open(story: &str) -> Option<Browser> {
        let program = driver_program()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime for one browser");
        let profile = tempfile::tempdir().expect("a test may write to the temporary folder");
        let (driver, port) = start_driver(&program);
        let mut browser = Browser {
            runtime,
            client: None,
            driver,
            port,
            story: story.to_owned(),
            width: 0,
            _profile: profile,
        };
        let Value::Object(capabilities) = capabilities(browser._profile.path()) else {
            unreachable!("capabilities are an object")
        };
        let address = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let connecting = builder.capabilities(capabilities).connect(&address);
        let connecting = async { tokio::time::timeout(PATIENCE, connecting).await };
        let connected = browser.runtime.block_on(connecting);
        let client = connected
            .expect("the browser starts in time")
            .expect("the browser starts");
        browser.client = Some(client);
        browser.screen(Screen::Desk);
        Some(browser)
    }

    /// Sits down at another screen.
    pub fn screen(&mut self, screen: Screen) {
        let (width, height) = screen.size();
        self.width = width;
        self.run(async |client| client.set_window_size(width, height).await);
    }

    /// Types an address.
    pub fn go(&self, url: &str) {
        self.run(async |client| client.goto(url).await);
    }

    /// The path of the page that is shown.
    pub fn path(&self) -> String {
        self.run(async |client| client.current_url().await)
            .path()
            .to_owned()
    }

    /// Waits until a page is shown whose path begins so.
    pub fn arrive(&self, path: &str) {
        self.wait(&format!("a page under {path}"), |browser| {
            browser.path().starts_with(path).then_some(())
        });
    }

    /// Signs in at the sign-in page of a site and waits until it is left.
    pub fn sign_in(&self, site: &str, user: &str, password: &str) {
        self.go(&format!("{site}/sign-in"));
        self.try_sign_in(user, password);
        self.wait("the sign-in page to be left", |browser| {
            (browser.path() != "/sign-in").then_some(())
        });
    }

    /// Fills in the sign-in page that is shown and sends it.
    pub fn try_sign_in(&self, user: &str, password: &str) {
        self.fill("Sign-in name", user);
        self.fill("Password", password);
        self.click("Sign in");
    }

    /// Signs out from the person's menu.
    pub fn sign_out(&self) {
        self.set_menu(true);
        self.click("Sign out");
        self.wait("the sign-in page", |browser| {
            (browser.path() == "/sign-in").then_some(())
        });
    }

    /// Clicks the first link, button or heading of a menu that reads exactly so.
    pub fn click(&self, text: &str) {
        self.click_xpath(
            &format!("//*[{CLICKABLE}][normalize-space(.)={}]", quoted(text)),
            text,
        );
    }

    /// Clicks the first link, button or heading of a menu that begins so.
    pub fn click_beginning(&self, text: &str) {
        let begins = format!(
            "//*[{CLICKABLE}][starts-with(normalize-space(.), {})]",
            quoted(text)
        );
        self.click_xpath(&begins, text);
    }

    /// Clicks the button that reads exactly so; links and menus of the same words are left.
    pub fn click_button(&self, text: &str) {
        let xpath = format!("//button[normalize-space(.)={}]", quoted(text));
        self.click_xpath(&xpath, text);
    }

    /// Clicks the first button that begins so.
    pub fn click_button_beginning(&self, text: &str) {
        let xpath = format!(
            "//main//button[starts-with(normalize-space(.), {})]",
            quoted(text)
        );
        self.click_xpath(&xpath, text);
    }

    /// Opens the first row of the list.
    pub fn click_first_row(&self) {
        self.click_xpath("//tr[@data-href]//a", "the first row");
    }

    /// Clears the field with this label and types into it.
    pub fn fill(&self, label: &str, value: &str) {
        let field = self.field(label);
        self.run(async |_| {
            field.clear().await?;
            field.send_keys(value).await
        });
    }

    /// Chooses the option that reads exactly so, in the list with this label.
    pub fn choose(&self, label: &str, option: &str) {
        let field = self.field(label);
        self.run(async |_| field.select_by_label(option).await);
    }

    /// Gives a file to the drop zone, as the file dialogue does.
    pub fn upload(&self, file: &Path) {
        let file = file.to_str().expect("the file's path is text");
        self.run(async |client| {
            let input = client.find(Locator::Css("input[type=file]")).await?;
            input.send_keys(file).await
        });
    }

    /// Drops a file of this name and text onto the drop zone: a real file in a real drop event, as the file manager makes it.
    pub fn drop_file(&self, name: &str, text: &str) {
        let script = "const data = new DataTransfer();
            data.items.add(new File([arguments[1]], arguments[0], { type: 'text/csv' }));
            const zone = document.querySelector('.drop');
            for (const kind of ['dragenter', 'dragover', 'drop'])
              zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));";
        self.script(script, vec![name.into(), text.into()]);
    }

    /// Lets the pages' own code meet what a story needs, such as a line that is slow.
    pub fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.run(async |client| client.execute(script, arguments).await)
    }

    /// Types into the field of this name; for forms that ask for the same thing several times.
    pub fn fill_named(&self, name: &str, value: &str) {
        self.run(async |client| {
            let field = client.find(Locator::Id(name)).await?;
            field.clear().await?;
            field.send_keys(value).await
        });
    }

    /// Waits until the focus is on what holds this text; for a field that is empty, an empty one.
    pub fn wait_for_focus(&self, text: &str) {
        let script =
            "const at = document.activeElement; return at === document.body ? null : at.innerText";
        self.wait(&format!("the focus on {text:?}"), |browser| {
            let said = browser.script(script, Vec::new());
            let said = said.as_str()?.trim();
            (said == text || !text.is_empty() && said.contains(text)).then_some(())
        });
    }

    /// Waits until the title line of the page, loaded again and again, says this state.
    pub fn wait_for_state(&self, state: &str) {
        let script = "return document.querySelector('.title h1 .mark')?.innerText ?? ''";
        self.wait(&format!("the state {state:?}"), |browser| {
            let is_there = browser.script(script, Vec::new()).as_str() == Some(state);
            if !is_there {
                browser.run(async |client| client.refresh().await);
            }
            is_there.then_some(())
        });
    }

    /// Presses keys where the focus is.
    pub fn press(&self, keys: &str) {
        self.run(async |client| client.active_element().await?.send_keys(keys).await);
    }

    /// Goes from field to field by the tab key until the focus is on what reads so, and sees that the focus can be seen.
    pub fn tab_to(&self, text: &str) {
        const FIELDS_MAX: usize = 80;
        let focused = "const at = document.activeElement;
            const label = at.labels?.[0]?.innerText ?? '';
            return [(label || at.innerText || '').trim(), getComputedStyle(at).outlineStyle]";
        for _ in 0..FIELDS_MAX {
            self.press(TAB);
            let found = self.script(focused, Vec::new());
            if found[0].as_str().is_some_and(|said| said.starts_with(text)) {
                assert_ne!(found[1], "none", "the focus on {text:?} can be seen");
                return;
            }
        }
        panic!(
            "the tab key never came to {text:?}; the page said:\n{}",
            self.text()
        );
    }

    /// Waits until the page says this somewhere where a person can read it.
    pub fn see(&self, text: &str) {
        self.wait(&format!("the page to say {text:?}"), |browser| {
            browser.text().contains(text).then_some(())
        });
    }

    /// Loads the page again until it says this: for what happens in the background.
    pub fn see_after_a_while(&self, text: &str) {
        self.wait(&format!("the page to say {text:?} one day"), |browser| {
            let found = browser.text().contains(text);
            if !found {
                browser.run(async |client| client.refresh().await);
            }
            found.then_some(())
        });
    }

    /// What a person can read on the page now.
    pub fn text(&self) -> String {
        // A page on its way to the next one has no body for a moment.
        let script = "return document.body ? document.body.innerText : ''";
        let text = self.run(async |client| client.execute(script, Vec::new()).await);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Chooses a theme (`Light`, `Dark` or `System`) in the person's menu.
    pub fn theme(&self, name: &str) {
        self.set_menu(true);
        self.click(name);
        let wanted = Value::from(name.to_lowercase());
        self.wait(&format!("the theme {name}"), |browser| {
            (browser.theme_name() == wanted).then_some(())
        });
        self.set_menu(false);
    }

    /// Keeps a picture of the whole page.
    pub fn picture(&self, step: &str) -> PathBuf {
        let theme = match self.theme_name() {
            Value::String(theme) if theme == "dark" => theme,
            _ => "light".to_owned(),
        };
        let folder = target_folder().join("screenshots").join(&self.story);
        let file = folder.join(format!("{step}-{}-{theme}.png", self.width));
        let png = self.run(async |client| {
            let (width, height) = client.get_window_size().await?;
            let script = "return document.documentElement.scrollHeight + outerHeight - innerHeight";
            let whole = client.execute(script, Vec::new()).await?;
            let whole = whole.as_f64().map_or(height, |whole| whole.ceil() as u64);
            let tall = whole.clamp(height, PICTURE_HEIGHT_MAX.max(height));
            let resize = async |height: u64| {
                client
                    .set_window_size(as_pixels(width), as_pixels(height))
                    .await
            };
            resize(tall).await?;
            let png = client.screenshot().await;
            resize(height).await?;
            png
        });
        std::fs::create_dir_all(&folder).expect("pictures can be kept");
        std::fs::write(&file, png).expect("pictures can be kept");
        file
    }

    /// What the browser complained about since the last call, serious only: scripts that failed, files that were missing,
    /// things that the page's own rules forbade.
    pub fn complaints(&self) -> Vec<String> {
        let session = self.run(async |client| client.session_id().await);
        let session = session.expect("an open browser has a session");
        // Not part of the standard, so that the client has no word for it.
        let address = format!("http://127.0.0.1:{}/session/{session}/se/log", self.port);
        let mut answer = ureq::post(&address)
            .send(r#"{"type":"browser"}"#)
            .expect("the driver answers");
        let text = answer
            .body_mut()
            .read_to_string()
            .expect("the driver answers text");
        let log: Value = serde_json::from_str(&text).expect("the driver answers JSON");
        let entries = log["value"].as_array().expect("the log is a list");
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// Opens or closes the person's menu.
    fn set_menu(&self, is_open: bool) {
        self.run(async |client| {
            let script = "document.querySelector('.top details.menu').open = arguments[0]";
            client.execute(script, vec![is_open.into()]).await
        });
    }

    fn theme_name(&self) -> Value {
        let script = "return document.documentElement.dataset.theme ?? ''";
        self.run(async |client| client.execute(script, Vec::new()).await)
    }

    fn click_xpath(&self, xpath: &str, text: &str) {
        self.wait(&format!("{text:?} to be there and clickable"), |browser| {
            let clicked: Result<bool, CmdError> = browser.try_run(async |client| {
                for element in client.find_all(Locator::XPath(xpath)).await? {
                    if element.is_displayed().await? {
                        element.click().await?;
                        return Ok(true);
                    }
                }
                Ok(false)
            });
            // An element may go or be covered between finding and clicking; then the page is asked again.
            matches!(clicked, Ok(true)).then_some(())
        });
    }

    fn field(&self, label: &str) -> Element {
        let xpath = format!(
            "//label[starts-with(normalize-space(.), {})]",
            quoted(label)
        );
        self.wait(&format!("a field {label:?}"), |browser| {
            let found: Result<Option<Element>, CmdError> = browser.try_run(async |client| {
                let label = client.find(Locator::XPath(&xpath)).await?;
                match label.attr("for").await? {
                    Some(id) => client.find(Locator::Id(&id)).await.map(Some),
                    None => label
                        .find(Locator::Css("input, select, textarea"))
                        .await
                        .map(Some),
                }
            });
            found.ok().flatten()
        })
    }

    fn wait<T>(&self, what: &str, ask: impl Fn(&Browser) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            if began.elapsed() > PATIENCE {
                let picture = self.picture("gave-up");
                panic!(
                    "waited in vain for {what} at {}; picture {}; the page said:\n{}",
                    self.path(),
                    picture.display(),
                    self.text()
                );
            }
            self.runtime
                .block_on(async { tokio::time::sleep(ASK_EVERY).await });
        }
    }

    fn run<T>(&self, step: impl AsyncFnOnce(&Client) -> Result<T, CmdError>) -> T {
        self.try_run(step)
            .expect("the browser does what it is told")
    }

    fn try_run<T>(
        &self,
        step: impl AsyncFnOnce(&Client) -> Result<T, CmdError>,
    ) -> Result<T, CmdError> {
        let client = self
            .client
            .as_ref()
            .expect("the browser is open until it is dropped");
        self.runtime.block_on(step(client))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser first: a driver that is killed leaves its browser behind.
        if let Some(client) = self.client.take() {
            let closing =
                async { tokio::time::timeout(Duration::from_secs(10), client.close()).await };
            let _ = self.runtime.block_on(closing);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn driver_program() -> Option<PathBuf> {
    let named = std::env::var_os(DRIVER_VARIABLE);
    if named.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{DRIVER_VARIABLE} must name a driver when CI is set"
        );
        eprintln!("the browser is left out: {DRIVER_VARIABLE} is not set");
    }
    named.map(PathBuf::from)
}

/// Starts a driver on a port that it chooses itself, and reads which.
fn start_driver(program: &Path) -> (Child, u16) {
    let mut driver = Command::new(program)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the driver starts");
    let output = driver.stdout.take().expect("the output is a pipe");
    let mut lines = BufReader::new(output).lines();
    let port = lines.by_ref().find_map(|line| {
        let line = line.ok()?;
        let (_, rest) = line.split_once("successfully on port ")?;
        rest.trim_end_matches('.').parse().ok()
    });
    // The driver must always be able to write on.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port.expect("the driver says its port"))
}

fn capabilities(profile: &Path) -> Value {
    json!({
        "goog:chromeOptions": { "args": [
            "--headless=new",
            // Chromium has no sandbox of its own when root runs it, and does not start with one.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--lang=en-GB",
            format!("--user-data-dir={}", profile.display()),
        ] },
        "goog:loggingPrefs": { "browser": "ALL" },
    })
}

/// A text as an XPath literal.
fn quoted(text: &str) -> String {
    assert!(!text.contains('"'), "no label has a double quote: {text}");
    format!("\"{text}\"")
}

fn as_pixels(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The folder that cargo builds into: this program stands in `TARGET/PROFILE/deps`.
pub(crate) fn target_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a test knows its own program");
    let folder = program
        .ancestors()
        .nth(3)
        .expect("it stands in the target folder");
    folder.to_owned()
}
