/**
 * What travels between the server and the page. Types only: nothing here runs.
 *
 * @typedef {"viewer"|"operator"|"admin"} Role
 * @typedef {{username: string, role: Role, must_change_password: boolean}} User
 * @typedef {{access_token: string, expires_in: number, user: User}} SignedIn
 *
 * @typedef {object} Account
 * @property {string} username
 * @property {Role} role
 * @property {boolean} must_change_password
 * @property {string} created_at
 * @property {string|null} last_login_at
 *
 * @typedef {object} OwnSession
 * @property {string} id
 * @property {string} created_at
 * @property {string} last_used_at
 * @property {string|null} address
 * @property {string|null} user_agent what the browser says of itself
 * @property {boolean} current
 *
 * @typedef {object} AuditEntry
 * @property {string} id
 * @property {string} at
 * @property {string|null} actor null where nobody had signed in
 * @property {string} action like `users.create`
 * @property {string|null} target
 * @property {string|null} address
 * @property {string} outcome `ok`, or a problem's key
 *
 * @typedef {object} Game
 * @property {string} status `ready starting unresponsive unauthorized paused off unknown`
 * @property {string|null} version
 * @property {number|null} players null is unknown, never nobody
 * @property {number|null} max_players
 * @property {number|null} days of the world
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
 * @property {number|null} [players]
 * @property {number|null} [fps]
 * @property {string} sampled_at
 *
 * @typedef {{purpose: string, free_bytes: number|null, total_bytes: number|null}} Disk
 *
 * @typedef {object} Host
 * @property {{status: string, version: string|null, containers: number|null}} engine
 * @property {number|null} memory_total_bytes
 * @property {number|null} memory_available_bytes
 * @property {Disk[]} disks
 * @property {{version: string, started_at: string, memory_bytes: number|null}} panel
 *
 * @typedef {object} Job
 * @property {string} id
 * @property {string} kind
 * @property {string} instance
 * @property {string} state `queued running succeeded failed cancelled interrupted`
 * @property {string|null} actor
 * @property {Object<string, any>|null} about what was asked for
 * @property {string} created_at
 * @property {string|null} started_at
 * @property {string|null} finished_at
 * @property {string|null} step
 * @property {string|null} step_ends_at known of a countdown
 * @property {number|null} percent
 * @property {boolean} is_cancellable
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
 * @typedef {object} Ban
 * @property {string|null} user_id
 * @property {string|null} player_id
 * @property {string|null} line as it stands in the game's list, where that is not in the game's own form
 * @property {string|null} player_name known, as all below, only of a ban that was ordered here
 * @property {string|null} reason
 * @property {string|null} banned_by
 * @property {string|null} banned_at
 *
 * `[seq, time, stream, text]`, and true behind it where the panel's own polling caused the line
 * @typedef {[number, string, "stdout"|"stderr", string, boolean?]} LogLine
 *
 * @typedef {{type: "lines", lines: LogLine[]}|{type: "gap", lost: number|null}|
 *   {type: "state", state: string, started_at?: string, finished_at?: string, exit_code?: number}} LogMessage
 * @typedef {{messages: LogMessage[], before: number|null, after: number|null}} LogPage
 *
 * @typedef {object} Backup
 * @property {string} id
 * @property {string} created_at
 * @property {number|null} size_bytes
 * @property {string|null} sha256 null of a copy that PalServer did not make
 * @property {string} kind `manual scheduled pre_update pre_restore script`
 * @property {boolean} pinned
 * @property {boolean|null} consistent false where it may not be whole, for the `reason` given
 * @property {string|null} reason
 * @property {{key: string, values: Object<string, string>}[]} reasons the same, to be said in any language
 * @property {string[]} actions what can be done with it: `download manifest verify preview restore change remove`
 * @property {string|null} verified_at
 * @property {string|null} world_guid
 * @property {string|null} game_version
 * @property {string|null} image
 * @property {string|null} note
 *
 * @typedef {object} Preview
 * @property {string[]} added
 * @property {string[]} changed
 * @property {string[]} removed
 * @property {PreviewPlayer[]} players
 * @property {number} unchanged_count
 * @property {number} needed_bytes
 * @property {number|null} free_bytes where the world lies
 *
 * @typedef {{player_uid: string, name: string|null, change: "added"|"changed"|"removed"}} PreviewPlayer
 *
 * @typedef {{image: string, backup: string|null, updated_at: string}} WayBack
 *
 * @typedef {object} Version one of the server's image that is at hand
 * @property {string} version
 * @property {boolean} is_current
 * @property {boolean} is_local the engine has it
 * @property {boolean} is_archived it lies as a file in the folder of images
 * @property {boolean} is_latest that folder's link `latest` leads to it
 * @property {number} size_bytes
 * @property {string} created_at
 *
 * @typedef {{container: string, image: string, state: string, suggested_name: string|null}} Adoptable
 *
 * @typedef {object} CreationForm
 * @property {{reference: string, saved_path: string, has_query_port: boolean}[]} images
 * @property {Object<string, number>} ports free ones by their fields
 * @property {{volume: string, instance: string}[]} worlds that a deleted server has left
 *
 * @typedef {{field: string, before?: string|null, after?: string|null}} Change without values where they are secret
 * @typedef {{changes: Change[], compose_file_stays: boolean}} ChangeList
 *
 * What every view gives the shell: a title, its element, what to do when the store changes, and when it leaves.
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} element
 * @property {() => void} [update]
 * @property {() => void} [close]
 */

export {};
