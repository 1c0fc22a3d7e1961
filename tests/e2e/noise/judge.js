'use strict'
// Sets the npm package noise-handshake against proto/noise.c, in both roles of Noise XK: every
// handshake payload, the handshake hash, the static keys, both transport directions, and what
// must be refused. usage: node judge.js path/to/noise_peer
const assert = require('assert')
const crypto = require('crypto')
const { spawn } = require('child_process')
const readline = require('readline')
const Noise = require('noise-handshake')
const Cipher = require('noise-handshake/cipher')
const curve = require('noise-handshake/dh')

const ROUNDS = 12
const hex = (bytes) => Buffer.from(bytes).toString('hex')

// Our side: a child that answers a line with a line.
class Ours {
  constructor (program, args) {
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()
    this.exit = new Promise((resolve) => this.child.on('close', resolve))
  }

  async ask (verb, bytes) {
    this.child.stdin.write(bytes === undefined ? verb + '\n' : `${verb} ${hex(bytes)}\n`)
    const { value, done } = await this.lines.next()
    assert(!done, 'noise_peer ended before it answered ' + verb)
    return value
  }

  async end () {
    this.child.stdin.end()
    assert.strictEqual(await this.exit, 0, 'exit code of noise_peer')
  }
}

function flipped (bytes, index) {
  const copy = Buffer.from(bytes)
  copy[index] ^= 1
  return copy
}

// One of the three messages, from whose turn it is; both must know the payload afterwards. Damage
// is tried on us only: unlike ours, their state does not survive a refusal.
async function passMessage (ours, theirs, oursWrites, payload) {
  if (oursWrites) {
    const message = Buffer.from(await ours.ask('write', payload), 'hex')
    assert.strictEqual(hex(theirs.recv(message)), hex(payload), 'payload that they read')
    return
  }
  const message = theirs.send(payload)
  for (const index of [0, message.length - 1]) {
    assert.strictEqual(await ours.ask('read', flipped(message, index)), 'refused bad-mac')
  }
  assert.strictEqual(await ours.ask('read', message), hex(payload), 'payload that we read')
}

async function transport (ours, theirs) {
  const tx = new Cipher(theirs.tx)
  const rx = new Cipher(theirs.rx)
  for (const count of [0, 1, 16, 1000, 16 * 1024 - 16]) {
    const there = crypto.randomBytes(count)
    const sealed = Buffer.from(await ours.ask('encrypt', there), 'hex')
    assert.strictEqual(sealed.length, count + 16)
    assert.strictEqual(hex(rx.decrypt(sealed)), hex(there), 'transport from us')

    const back = crypto.randomBytes(count)
    const answer = tx.encrypt(back)
    assert.strictEqual(await ours.ask('decrypt', flipped(answer, 0)), 'refused bad-mac')
    assert.strictEqual(await ours.ask('decrypt', answer), hex(back), 'transport to us')
    assert.strictEqual(await ours.ask('decrypt', answer), 'refused bad-mac', 'a repeat')
  }
  const sealed = Buffer.from(await ours.ask('encrypt', Buffer.from('last')), 'hex')
  assert.throws(() => rx.decrypt(flipped(sealed, 2)), 'they must refuse damage')
}

async function round (program, oursInitiates, prologue, payloads) {
  const ourKeys = curve.generateKeyPair()
  const theirKeys = curve.generateKeyPair()
  const args = [oursInitiates ? 'initiator' : 'responder', hex(prologue), hex(ourKeys.secretKey),
    hex(crypto.randomBytes(32))]
  if (oursInitiates) args.push(hex(theirKeys.publicKey))
  const ours = new Ours(program, args)
  const theirs = new Noise('XK', !oursInitiates, theirKeys)
  theirs.initialise(prologue, oursInitiates ? undefined : ourKeys.publicKey)

  for (let i = 0; i < 3; i++) {
    await passMessage(ours, theirs, oursInitiates === (i % 2 === 0), payloads[i])
  }
  assert(theirs.complete, 'they have finished')
  assert.strictEqual(await ours.ask('hash'), hex(theirs.hash), 'handshake hash')
  assert.strictEqual(await ours.ask('remote'), hex(theirKeys.publicKey), 'their static key')
  assert.strictEqual(hex(theirs.rs), hex(ourKeys.publicKey), 'our static key')
  await transport(ours, theirs)
  await ours.end()
}

// Another prologue on each side: the first message is refused, by whoever reads it.
async function otherPrologue (program) {
  const ourKeys = curve.generateKeyPair()
  const theirKeys = curve.generateKeyPair()
  const ephemeral = hex(crypto.randomBytes(32))
  const ours = [
    new Ours(program, ['responder', '00', hex(ourKeys.secretKey), ephemeral]),
    new Ours(program, ['initiator', '00', hex(ourKeys.secretKey), ephemeral,
      hex(theirKeys.publicKey)])
  ]
  const dialler = new Noise('XK', true, theirKeys)
  dialler.initialise(Buffer.from([1]), ourKeys.publicKey)
  assert.strictEqual(await ours[0].ask('read', dialler.send()), 'refused bad-mac')
  const listener = new Noise('XK', false, theirKeys)
  listener.initialise(Buffer.from([1]))
  const first = Buffer.from(await ours[1].ask('write', Buffer.alloc(0)), 'hex')
  assert.throws(() => listener.recv(first), 'they must refuse another prologue')
  for (const side of ours) await side.end()
}

async function main () {
  const program = process.argv[2]
  const network = crypto.randomBytes(32)
  const member = Buffer.concat([Buffer.from([1]), Buffer.from('minga/1'), network])
  for (const oursInitiates of [true, false]) {
    for (let i = 0; i < ROUNDS; i++) {
      const prologue = i % 3 === 0 ? Buffer.alloc(0) : member
      const payloads = [0, 1, 2].map((k) => crypto.randomBytes(i % 2 === 0 ? 0 : 7 * i + k))
      await round(program, oursInitiates, prologue, payloads)
    }
  }
  await otherPrologue(program)
  console.log(`noise-handshake agrees: ${ROUNDS} handshakes in either role`)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
