//! The scripts that the server runs, and how one is called.

use std::sync::{Arc, LazyLock};

use redis::{
    Cmd, ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind, aio::MultiplexedConnection,
};
use smallvec::SmallVec;

/// Reads the server's time. A test puts another in its place.
const CLOCK: &str = include_str!("clock.lua");

/// What the scripts have in common.
const COMMON: &str = include_str!("common.lua");

/// Decides about a request.
pub(super) static ADMIT: LazyLock<Lua> =
    LazyLock::new(|| Lua::new(CLOCK, include_str!("admit.lua")));

/// Corrects or ends one.
pub(super) static SETTLE: LazyLock<Lua> =
    LazyLock::new(|| Lua::new(CLOCK, include_str!("settle.lua")));

/// Keeps what one holds.
pub(super) static REFRESH: LazyLock<Lua> =
    LazyLock::new(|| Lua::new(CLOCK, include_str!("refresh.lua")));

/// Says that a gateway is there.
pub(super) static BEAT: LazyLock<Lua> = LazyLock::new(|| Lua::new(CLOCK, include_str!("beat.lua")));

/// A script.
pub(super) struct Lua {
    source: String,
    hash: String,
}

/// A script with what it is given.
pub(super) struct Call<'s> {
    script: &'s Lua,
    keys: SmallVec<[Arc<str>; 8]>,
    arguments: SmallVec<[Argument; 32]>,
}

/// Something that a script is given.
enum Argument {
    Word(&'static str),
    Text(Arc<str>),
    Number(u64),
    Unlimited,
}

impl Lua {
    pub(super) fn new(clock: &str, body: &str) -> Self {
        let source = [clock, COMMON, body].concat();
        let hash = Script::new(&source).get_hash().to_owned();
        Self { source, hash }
    }

    pub(super) fn with<'s>(&'s self, permit: &Arc<str>) -> Call<'s> {
        let mut call = Call {
            script: self,
            keys: SmallVec::new(),
            arguments: SmallVec::new(),
        };
        call.text(permit);
        call
    }
}

impl Call<'_> {
    pub(super) fn key(&mut self, key: &Arc<str>) -> &mut Self {
        self.keys.push(Arc::clone(key));
        self
    }

    pub(super) fn word(&mut self, word: &'static str) -> &mut Self {
        self.arguments.push(Argument::Word(word));
        self
    }

    pub(super) fn text(&mut self, text: &Arc<str>) -> &mut Self {
        self.arguments.push(Argument::Text(Arc::clone(text)));
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.arguments.push(Argument::Number(number));
        self
    }

    /// In place of a number: there is no such limit.
    pub(super) fn unlimited(&mut self) -> &mut Self {
        self.arguments.push(Argument::Unlimited);
        self
    }

    /// Whether anything is to be done.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The command for a server that knows the script.
    pub(super) fn command(&self) -> Cmd {
        self.by("EVALSHA", &self.script.hash)
    }

    /// Runs it, and tells the server the script if that does not know it.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<T, RedisError> {
        match self.command().query_async(connection).await {
            Err(error) if is_unknown(&error) => {
                let whole = self.by("EVAL", &self.script.source);
                whole.query_async(connection).await
            }
            other => other,
        }
    }

    fn by(&self, command: &str, script: &str) -> Cmd {
        let mut cmd = redis::cmd(command);
        cmd.arg(script).arg(self.keys.len());
        for key in &self.keys {
            cmd.arg(&**key);
        }
        for argument in &self.arguments {
            match argument {
                Argument::Word(word) => cmd.arg(word),
                Argument::Text(text) => cmd.arg(&**text),
                Argument::Number(number) => cmd.arg(number),
                Argument::Unlimited => cmd.arg(-1),
            };
        }
        cmd
    }
}

/// Tells the server all scripts, so that a pipeline need not.
pub(super) async fn load(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    for script in [&*ADMIT, &*SETTLE, &*REFRESH, &*BEAT] {
        let mut cmd = redis::cmd("SCRIPT");
        cmd.arg("LOAD").arg(&script.source);
        cmd.query_async::<String>(connection).await?;
    }
    Ok(())
}

/// Whether the server does not know the script.
pub(super) fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
