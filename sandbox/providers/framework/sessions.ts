/**
 * Engines attached to one server. Each provider of each engine (the default one, explicit ones, those of a preview that
 * runs beside an update) has a connection of its own and configures it apart from the others.
 */
import { connectEngine, silentLog, type Engine } from "./engine";
import type { ResourceLog } from "./definition";
import type { Props } from "./values";

export class Session {
  config: Props = {};
  private engine?: Engine;
  private readonly stop = new AbortController();

  attach(address: string): void {
    this.engine?.close();
    this.engine = connectEngine(address);
  }

  logFor(urn: string): ResourceLog {
    return this.engine?.logFor(urn) ?? silentLog;
  }

  /** Ends when the engine cancels the deployment or this server closes. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  cancel(reason: string): void {
    this.stop.abort(new Error(reason));
  }

  close(): void {
    this.cancel("the provider is being stopped");
    this.engine?.close();
  }
}

/** More connections than that at one time are none that anybody makes. */
const MAX_SESSIONS = 64;

export class Sessions {
  private readonly byPeer = new Map<string, Session>();

  /** The session of a connection, by its peer's address and port. */
  of(peer: string): Session {
    return this.byPeer.get(peer) ?? this.start(peer);
  }

  /**
   * A new session for a connection that has just been made. The kernel gives the port of one that has ended, whose session
   * its engine has cancelled, to a later one.
   */
  start(peer: string): Session {
    this.byPeer.get(peer)?.close();
    const session = new Session();
    this.byPeer.set(peer, session);
    if (this.byPeer.size > MAX_SESSIONS) {
      const [oldest] = this.byPeer.keys();
      this.byPeer.get(oldest)?.close();
      this.byPeer.delete(oldest);
    }
    return session;
  }

  close(): void {
    for (const session of this.byPeer.values()) session.close();
    this.byPeer.clear();
  }
}
