/**
 * What travels between the server and the page. Types only: nothing here runs.
 *
 * @typedef {"viewer"|"operator"|"admin"} Role
 * @typedef {{username: string, role: Role, must_change_password: boolean}} User
 * @typedef {{access_token: string, expires_in: number, user: User}} SignedIn
 *
 * @typedef {object} Game
 * @property {string} status `ready starting unresponsive unauthorized paused off unknown`
 * @property {string|null} version
 * @property {number|null} players null is unknown, never nobody
 * @property {number|null} max_players
 * @property {string|null} checked_at
 *
 * @typedef {{container: string, host_ip: string, host_port: number}} Port a published one; `container` is like `8212/tcp`
 *
 * @typedef {object} Instance
 * @property {string} name
 * @property {string} container
 * @property {string|null} image
 * @property {string} source
 * @property {string} state
 * @property {number|null} exit_code
 * @property {boolean|null} oom_killed
 * @property {string|null} started_at
 * @property {string|null} finished_at
 * @property {Port[]} ports
 * @property {Game} game
 * @property {Sample|null} metrics
 * @property {Job|null} job the one that has not ended
 *
 * @typedef {object} Sample
 * @property {string} [instance]
 * @property {number|null} cpu_percent 100 is one core
 * @property {number|null} memory_bytes
 * @property {number|null} memory_limit_bytes
 * @property {string} sampled_at
 *
 * @typedef {object} Job
 * @property {string} id
 * @property {string} kind
 * @property {string} instance
 * @property {string} state `queued running succeeded failed cancelled interrupted`
 * @property {string|null} actor
 * @property {string} created_at
 * @property {string|null} started_at
 * @property {string|null} finished_at
 * @property {string|null} step
 * @property {number|null} percent
 * @property {{key: string, detail: string}|null} error
 * @property {Object<string, any>|null} result
 *
 * @typedef {object} Player
 * @property {string|null} name
 * @property {string|null} account_name
 * @property {string|null} user_id who it is, and what kick and ban take
 * @property {number|null} ping_ms
 * @property {number|null} level
 * @property {{x: number|null, y: number|null}} location in centimetres
 * @property {boolean} loading
 *
 * @typedef {{container: string, image: string, state: string, suggested_name: string|null}} Adoptable
 *
 * What every view gives the shell: a title, its element, what to do when the store changes, and when it leaves.
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} element
 * @property {() => void} [update]
 * @property {() => void} [close]
 */

export {};
