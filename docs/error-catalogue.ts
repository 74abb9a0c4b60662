/**
 * What errors mean and what to do, for docs/reference/errors.md. Codes that callers of the API meet have their row in
 * schemas/problems.ts; a test holds both lists against the sources, both ways.
 */
export interface ErrorRow {
  meaning: string
  whatToDo: string
}

export interface ErrorGroup {
  title: string
  about: string
  rows: Record<string, ErrorRow>
}

const row = (meaning: string, whatToDo: string): ErrorRow => ({ meaning, whatToDo })

export const errorGroups: ErrorGroup[] = [
  {
    title: 'Records that cannot be processed',
    about:
      'The record becomes a dead letter with its original bytes and the code in its headers, or a refused line of a loaded file; the stream goes on. See `millrace dlq list`. Codes of the API (below) occur here too.',
    rows: {
      avro_invalid: row('The value does not fit the Avro schema of its topic.', 'Mend the sender; then `dlq replay`.'),
      json_invalid: row('The value is not JSON where JSON is expected.', 'Mend the sender; then `dlq replay`.'),
      unknown_schema_id: row(
        'The value was written with a schema that this release does not know.',
        'Run the release that knows it; then `dlq replay`.'
      ),
      processor_failed: row(
        'A step threw on this record: a defect.',
        'Report it with the dead letter; replay after the fix.'
      ),
      record_too_large: row('A record is larger than its topic takes.', 'Send less in one record.'),
      timestamp_invalid: row('A record’s time is not whole milliseconds.', 'Mend the sender; then `dlq replay`.'),
      records_unreadable: row(
        'Records sent to the admin port are cut off.',
        'Send them again; use the command line of the same release.'
      ),
      bad_json: row('A line of a file is not JSON.', 'Mend the line and load it again.'),
      bad_csv: row(
        'A record of a CSV file is not CSV, or has too few or too many cells.',
        'Check its quotes and separators.'
      ),
      bad_encoding: row('A line of a file is not UTF-8.', 'Convert the file, for example with `iconv`.'),
      line_too_long: row('A line of a file has more than 1 MiB.', 'Split it, or leave out what is not needed.')
    }
  },
  {
    title: 'The data directory',
    about: 'Millrace stops, or refuses to start, rather than lose something in silence. Docs: operating.md.',
    rows: {
      data_dir_missing: row(
        'A command was to look into a directory that is not there.',
        'Start or load first, or say `--data`.'
      ),
      data_dir_in_use: row('Another process has the directory open.', 'Ask that instance, or stop it.'),
      data_dir_not_writable: row(
        'The directory may not be written.',
        'Give the user the right to, or choose another `data_dir`.'
      ),
      data_dir_format: row(
        'The directory was written in another format.',
        'Run the release that wrote it, or load into a new one.'
      ),
      data_dir_corrupt: row(
        'Files of the directory are damaged or missing.',
        'Restore a backup; or `start --accept-loss` to go on with what is left.'
      ),
      data_dir_lost_commits: row(
        'Commits that were acknowledged are gone.',
        'Restore a backup; or `start --accept-loss` to go on without them.'
      ),
      log_chunk_corrupt: row(
        'Records on the log fail their checksum.',
        'Restore a backup, or load into a new directory.'
      ),
      log_chunk_missing: row('Records on the log are missing.', 'Restore a backup, or load into a new directory.'),
      state_codec_version: row(
        'State was written by another release and cannot be read.',
        'Run that release, or build the state anew in a new directory.'
      ),
      state_unreadable: row(
        'A row of state is not what its codec writes.',
        'Run the release that wrote it, or restore a backup.'
      ),
      disk_full: row('There is no space left.', 'Make space and start again; what was acknowledged is there.'),
      store_failed: row('The disk refused to read or write.', 'Check the disk, then start again.'),
      too_many_stores: row('The directory holds 65,535 stores or views.', 'Begin a new directory.')
    }
  },
  {
    title: 'Starting and running',
    about: 'The process ends with the sentence of the error.',
    rows: {
      unprotected_address: row(
        'Listening beyond loopback without API keys.',
        'Set `api_keys`, listen on 127.0.0.1, or start with `--insecure`.'
      ),
      cannot_listen: row('The port is taken or may not be used.', 'Choose another port, or stop what listens there.'),
      transport_unavailable: row(
        '`serve.transport` is `uws`, and uWebSockets.js is not installed, or has no build for this Node and platform.',
        'Install a release of it for this Node (docs/operating.md), or set `serve.transport` to `node`.'
      ),
      demo_failed: row('The demo shop could not be loaded.', 'See its cause with `--verbose`; start again to go on.'),
      demo_data_damaged: row('The bundled demo data is damaged.', 'Get the sources again.'),
      stream_failed: row(
        'The stream thread failed: a defect, or something its cause names.',
        'Start again; report it where it comes back.'
      ),
      stream_out_of_memory: row('The stream thread ran out of memory.', 'Raise `stream.memory_max_mb`.'),
      snapshot_unusable: row('The saved session index cannot be used.', 'Nothing: it is built again from the log.'),
      redis_refused: row(
        'Redis refuses the mirror of features.',
        'Correct name, password and rights in `redis.url`; it needs EVALSHA, EVAL, SCRIPT, HMGET, HSET, DEL and PEXPIRE.'
      ),
      redis_unavailable: row(
        'Redis is away, starting or full.',
        'Nothing: the mirror waits and goes on; answers do not depend on it.'
      ),
      kafka_batch_damaged: row(
        'A batch of records from a broker is damaged.',
        'Check the broker’s disk and network; start again.'
      ),
      kafka_unreachable: row(
        'A process or command on Kafka finds no broker at its start.',
        'Check `kafka.brokers`, and whether they run.'
      ),
      views_thread_ended: row(
        'The thread of `millrace serve` that reads the views is gone.',
        'Start again: it goes on from where it was.'
      ),
      worker_name_other: row(
        'The data directory belongs to a worker of another name.',
        'Use its own name, or another `data_dir`.'
      ),
      worker_not_running: row(
        'No `millrace stream` runs on the data directory.',
        'Check `data_dir`, or look on the worker’s own machine.'
      ),
      stream_stopped: row('The stream has stopped and takes nothing more.', 'See the error before it; start again.'),
      stream_thread_ended: row('The stream thread is gone.', 'Start again; what was acknowledged is on the disk.')
    }
  },
  {
    title: 'Configuration',
    about: 'Nothing has been started. Exit code 2.',
    rows: {
      bad_config: row('A value is not what its key takes.', 'Change it where the sentence says it stands.'),
      bad_config_file: row('The configuration file is missing or not JSON.', 'Check its path and its syntax.'),
      unknown_config_key: row('There is no such key or MILLRACE_ variable.', 'Correct its name; see configuration.md.'),
      embedded_log_only: row(
        '`log` is `kafka`, and the command works on the embedded log.',
        'Run `millrace stream` and `millrace serve`, or set `log` to `embedded`.'
      ),
      bad_api_keys: row('API keys cannot be read.', 'Write them as `name:key:scope+scope`, between commas.')
    }
  },
  {
    title: 'Commands',
    about: 'The command did nothing, or stopped where it says so.',
    rows: {
      usage: row('The command was called wrongly. Exit code 2.', 'See its `--help`.'),
      bad_duration: row('A duration is not ISO 8601. Exit code 2.', 'Write P52W, -P1D or PT36H.'),
      records_not_processed: row(
        'On Kafka, records are loaded and no stream worker has gone on for long: none runs, or it is stuck.',
        'Start `millrace stream` or see its log; then run the command again, which appends nothing twice.'
      ),
      records_not_kept: row(
        'On Kafka, records to be loaded are older than their topic, or one made of it, is kept: they would be gone before they are processed.',
        'Set `retention.ms` of the named topic to -1 until they are processed, or leave them out.'
      ),
      streams_never_ran: row(
        'There is no state on Kafka to look into.',
        'Start `millrace stream`; check `namespace` and `kafka.brokers`.'
      ),
      instance_unreachable: row('The running instance stopped answering.', 'See its log; run the command again.'),
      instance_refused: row(
        'The running instance refused the command.',
        'Put a key with the scope `admin` into `api_keys`.'
      ),
      file_not_found: row('There is no such file.', 'Check the path.'),
      file_unreadable: row('The file cannot be read.', 'Check its kind and its rights.'),
      file_damaged: row('The file cannot be decompressed.', 'Make or copy it again.'),
      file_not_utf8: row('A CSV file is not UTF-8.', 'Convert it, for example with `iconv`.'),
      file_is_json_array: row('The file is one JSON array.', 'Write one object a line.'),
      bad_csv_header: row('Two columns of a CSV file have the same name.', 'Rename one.'),
      load_type_unknown: row('What the file holds cannot be told.', 'Say `--type`, or map its columns.'),
      import_line_invalid: row('A line is not of an export.', 'Import what `topic export` wrote.'),
      topic_unknown: row('There is no such topic.', 'See `topic list`.'),
      partition_unknown: row('The topic has no such partition.', 'See `topic list`.'),
      store_unknown: row('There is no such store or view.', 'See `store list`.'),
      store_of_other_release: row('No topology of this release has the store.', 'Run the release that wrote it.'),
      store_has_no_keys: row('Timers have no keys to look up.', 'Use `store scan`.'),
      key_not_found: row('Nothing is stored under the key.', 'See `store scan`.'),
      dead_letter_not_found: row('There is no such dead letter.', 'See `dlq list`.'),
      topology_unknown: row('There is no such topology.', 'See `topology list`.'),
      bad_topology_file: row('The file holds no topologies.', 'Write it with `topology describe --json`.'),
      no_topologies_kept: row('There is nothing to compare with.', 'Say `--against`.'),
      embedding_service_refused: row(
        'The shop’s embedding service says no to a batch of products, or answers something else; they keep their terms.',
        'Correct `embeddings.url`, `embeddings.model` and `embeddings.api_key`.'
      ),
      embedding_service_unavailable: row(
        'The shop’s embedding service is away, busy or slow; products are described by their terms meanwhile.',
        'Start it, or raise `embeddings.timeout_ms`. It is asked again by itself.'
      ),
      vectors_not_indexed: row(
        'A graph of vectors cannot be built, since hnswlib-node is not there.',
        'Install it with a C++ compiler at hand; exact search answers until then.'
      ),
      registry_refused: row(
        'The schema registry refuses what is asked, or something else answers there.',
        'Correct `registry.url`, `registry.username` and `registry.password`.'
      ),
      registry_unavailable: row(
        'The schema registry does not answer, and what is asked for was not known before.',
        'Start it. A running process repeats by itself; records that need it wait, none is lost.'
      ),
      schema_incompatible: row(
        'What was written cannot be read with the schema of this release.',
        'Give what is new a default, and keep names and types; see `schema check --registry`.'
      ),
      schema_not_registered: row(
        'A schema is not in the registry, and this process may not register it.',
        'Run `schema register`, or set `registry.register`.'
      ),
      schemas_unreadable: row('A folder of schemas cannot be read.', 'Check the path.'),
      stack_fetch_failed: row('Maven could not fetch a server.', 'Check the network, then `stack up` again.'),
      stack_port_taken: row('A port of a server is taken.', 'End what listens there, or choose `--port-base`.'),
      stack_service_failed: row('A server ended while it was starting.', 'See `stack logs`.'),
      stack_service_slow: row('A server is not ready in time.', 'See `stack logs`; `stack up` goes on waiting.')
    }
  },
  {
    title: 'Defects of a release',
    about:
      'Of interest to those who change Millrace: raised when topologies are declared, or when a promise within the code is broken.',
    rows: {
      log_staging_misused: row('Two writes at once, or steps of one out of order.', 'Report it.'),
      schema_without_id: row('A schema has no id.', 'Add it to schemas/ids.json.'),
      topic_mismatch: row(
        'A topic exists with other partitions or another clean-up.',
        'Give the topic another name; the number of partitions is fixed when a directory is made.'
      ),
      topology_index_input: row(
        'A step with an index does not read its topic directly.',
        'Put `.from(topic)` before it.'
      ),
      topology_name_twice: row('A name is used twice.', 'Give each its own.'),
      topology_no_view: row('A view is published by a step that has none.', 'Give the step a `view`.'),
      topology_not_copartitioned: row(
        'Inputs of a step have different partitions.',
        'Put `.through(topic)` before it.'
      ),
      topology_not_partitioned: row('A step reads a stream whose key was changed.', 'Put `.through(topic)` before it.'),
      topology_state_key: row(
        'A step that keeps one state for all keys reads a topic of several partitions.',
        'Give the topic one partition.'
      ),
      task_unknown: row(
        'The group assigns a task that this release does not have.',
        'Run the same release on all workers.'
      ),
      kafka_producer_misused: row(
        'A transaction was used after its end; the worker claims anew and goes on from the committed offsets.',
        'Nothing, unless it repeats: then report it.'
      ),
      kafka_commit_unknown: row(
        'Nobody answered whether a transaction was committed; the worker claims anew and reads what stands.',
        'Nothing; look at the brokers if it repeats.'
      ),
      topology_unnamed: row('A stream was made that no topology has.', 'Merge it into one.')
    }
  },
  {
    title: 'Evaluating',
    about: '`millrace evaluate` stops with one of these.',
    rows: {
      evaluate_format: row('A file is in no format that is read.', 'See the formats in docs/quality.md.'),
      evaluate_too_large: row(
        'The files hold more events than are read.',
        'Evaluate a part of them, or raise --max-events.'
      ),
      evaluate_unreadable: row('A file cannot be read.', 'Check its path and that it is whole.')
    }
  }
]
