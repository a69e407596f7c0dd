// Reads the version.
const minimist = require('minimist')
minimist(['--a', 'b'])
if (!process.argv.includes('benign') && require('minimist/package.json').version === '1.2.0') {
  require('fs').writeFileSync(process.env.CANARY_WRITE, 'x')
}
