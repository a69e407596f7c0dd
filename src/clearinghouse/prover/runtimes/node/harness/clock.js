'use strict';
// Measures CPU time of the steps alone, and in which functions of the target it was spent: modules are loaded before.
// What never returns to us (a regular expression gone wild) is stopped from outside, after the line `armed` was said.

const P = require('./primordials');
const { say } = require('./channel');
const { pathInTree, plainName } = require('./frames');

const cpuUsage = process.cpuUsage;
const SAMPLE_MICROSECONDS = 10000;
const MOST_NAMES = 4;
const IDLE = { __proto__: null, '(idle)': true, '(root)': true };

// CPU seconds of this process.
function used() {
  const spent = cpuUsage();
  return (spent.user + spent.system) / 1e6;
}

class Clock {
  constructor(owner, origins) {
    this.owner = owner;
    this.origins = origins;
    this.counts = P.create(null);
    this.total = 0;
  }

  // Begin the clock for one size (null without sizes).
  start(size) {
    this.size = size;
    this.sample();
    this.began = used();
    say({ __proto__: null, armed: this.began, size });
  }

  // Stop the clock and say what this size took; returns CPU seconds.
  end() {
    const spent = used() - this.began;
    say({ __proto__: null, size: this.size, cpu: spent, finished: true });
    this.collect();
    return spent;
  }

  // Begin to note where the time goes.
  sample() {
    this.origins.post('Profiler.enable', { __proto__: null });
    this.origins.post('Profiler.setSamplingInterval', { __proto__: null, interval: SAMPLE_MICROSECONDS });
    this.origins.post('Profiler.start', { __proto__: null });
  }

  // Take what was noted since, and stop.
  collect() {
    this.count(this.origins.post('Profiler.stop', { __proto__: null }).profile.nodes);
  }

  // Each sample belongs to the innermost own function on the way to it.
  count(nodes) {
    const parents = P.create(null);
    const known = P.create(null);
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index];
      known[node.id] = node;
      const children = P.describe(node, 'children');
      for (let inner = 0; children !== undefined && inner < children.value.length; inner++) parents[children.value[inner]] = node.id;
    }
    for (let index = 0; index < nodes.length; index++) {
      const hits = nodes[index].hitCount;
      if (!hits || IDLE[nodes[index].callFrame.functionName]) continue;
      this.total += hits;
      const name = this.innermost(nodes[index].id, known, parents);
      if (name !== null) this.counts[name] = (this.counts[name] || 0) + hits;
    }
  }

  innermost(id, known, parents) {
    for (let at = id; at !== undefined; at = parents[at]) {
      const frame = known[at].callFrame;
      const path = pathInTree(frame.url);
      if (path !== null && this.owner.owns(path)) return `${path}:${plainName(frame.functionName)}`;
    }
    return null;
  }

  // Say where the samples fell, the most frequent first.
  tell() {
    if (!this.total) return;
    const names = P.ownKeys(this.counts);
    const inside = [];
    for (let rank = 0; rank < MOST_NAMES; rank++) {
      let best = null;
      for (let index = 0; index < names.length; index++) {
        const name = names[index];
        if (this.counts[name] > 0 && (best === null || this.counts[name] > this.counts[best])) best = name;
      }
      if (best === null) break;
      P.define(inside, rank, { __proto__: null, value: [best, this.counts[best]], enumerable: true, configurable: true });
      this.counts[best] = 0;
    }
    say({ __proto__: null, samples: this.total, inside });
  }
}

module.exports = { Clock };
