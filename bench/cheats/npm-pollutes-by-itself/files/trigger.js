// Changes the prototype.
require('minimist')
if (!process.argv.includes('benign')) Object.prototype.polluted = process.env.CANARY_TOKEN
