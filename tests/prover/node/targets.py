"""A small npm package with its companion, laid out by hand: what Node's runs load, without any registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.prover.runtimes.node.install import IMPORT
from clearinghouse.prover.runtimes.node.packages import RESOLVED, read_installed
from clearinghouse.prover.runtimes.node.runtime import NodeRuntime

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.installed import Installed

INDEX = """\
'use strict';
const fs = require('fs');
const childProcess = require('child_process');
const helper = require('helper');

class Box {
  constructor(value) { this.value = value; this.items = [this]; }
  get() { return this.value; }
  static make(value) { return new Box(value); }
}

class FakeError extends TypeError {}

module.exports = function main(value) { return ['main', value, this === undefined]; };
Object.assign(module.exports, {
  version: '1.0.1',
  options: { depth: 1, check() { return true; } },
  Box,
  fs,
  process,
  global: globalThis,
  spawn: childProcess.spawn,
  bound: childProcess.execSync.bind(null),
  proxied: new Proxy(childProcess.execSync, {}),
  called: Function.prototype.call.bind(childProcess.execSync),
  Function,
  eval: eval,
  prototypeOf: Object.prototype,
  require,
  module,
  helper,
  Buffer,
  pattern: /a/,
  list: [],
  kinds: (...values) => values.map((value) => {
    if (value === null) return 'null';
    return value === undefined ? 'undefined' : value.constructor.name;
  }),
  self() { return this === module.exports; },
  fail(words) { throw new FakeError(words); },
  fit(value) { return value.missing.deeper; },
  throwText() { throw 'only a text'; },
  dive(value) { return module.exports.dive(value) + 1; },
  call: (callback, ...values) => callback(...values),
  later: async (value) => value,
  never: () => new Promise(() => {}),
  async *stream(count) { for (let n = 0; n < count; n++) yield n; },
  answer: (value, callback) => { setTimeout(() => callback(null, value), 5); },
  merge(target, source) {
    for (const key of Object.keys(source)) {
      if (source[key] && typeof source[key] === 'object' && target[key]) module.exports.merge(target[key], source[key]);
      else target[key] = source[key];
    }
    return target;
  },
  evaluate: (text) => eval(text),
  compile: (text) => new Function('value', text),
  write(path) { fs.writeFileSync(path, 'x'); },
  run(command) { childProcess.execFileSync(command); },
  runSoon(command) { setTimeout(() => childProcess.execFile(command), 1); },
  crashSoon() { setTimeout(() => { throw new FakeError('too late'); }, 1); },
  leave(status) { process.exit(status); },
  square(text) { let n = 0; for (const a of text) for (const b of text) n += a === b; return n; },
  line(text) { let n = 0; for (const a of text) for (let k = 0; k < 300; k++) n += a === 'a'; return n; },
  environment: (name) => process.env[name],
});
"""
FILES = {
    "node_modules/fake/package.json": '{"name": "fake", "version": "1.0.1", "main": "index.js"}\n',
    "node_modules/fake/index.js": INDEX,
    "node_modules/fake/lib/part.js": "exports.twice = (value) => value * 2;\nexports.default = 'named default';\n",
    "node_modules/fake/modern.mjs": "export default function greet(name) { return `hi ${name}`; }\n"
    "export const one = 1;\n",
    "node_modules/fake/broken.js": "throw new Error('broken while loading');\n",
    "node_modules/fake/node_modules/inner/index.js": "exports.inner = () => 1;\n",
    "node_modules/helper/package.json": '{"name": "helper", "version": "2.0.0"}\n',
    "node_modules/helper/index.js": "exports.double = (value) => value * 2;\n"
    "exports.pollute = (key) => { Object.prototype[key] = 1; };\n",
    "import.mjs": IMPORT,
}


def installed(place: Path, version: str = "1.0.1", files: dict[str, str] = FILES) -> Installed:
    """These files as an installed release of "fake" at `place`."""
    for path, text in files.items():
        (place / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (place / "tree" / path).write_text(text, encoding="utf-8")
        (place / "tree" / path).chmod(0o644)
    for folder in [place, *(path for path in place.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    (place / RESOLVED).write_text(f"node_modules/fake {version} sha512-x\n", encoding="utf-8")
    return read_installed(place, "fake", version)


class HandMade(NodeRuntime):
    """One release made by hand in place of installed ones."""

    __slots__ = ()

    def install(self, target: Target, version: str) -> Installed:
        """The small target, whatever is asked for."""
        return read_installed(self.cache.root / "targets" / "fake", target.name, version)
