/** The passwords of ECR's registry, each good for twelve hours. */
import { randomBytes } from "node:crypto";
import { ecrRegistry } from "../../config";
import type { Principal } from "../iam/principal";

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
const life = 12 * 60 * 60 * 1000;

export class RegistryPasswords {
  private readonly issued = new Map<string, { expiry: number; owner: Principal | undefined }>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Answers GetAuthorizationToken. Without an owner, the password is an administrator's. */
  issue(owner?: Principal): object {
    const password = randomBytes(32).toString("base64url");
    const expiry = this.now() + life;
    this.issued.set(password, { expiry, owner });
    return {
      authorizationData: [
        {
          authorizationToken: Buffer.from(`AWS:${password}`).toString("base64"),
          expiresAt: expiry / 1000,
          proxyEndpoint: `https://${ecrRegistry}`,
        },
      ],
    };
  }

  /** Whether an Authorization header opens the registry. A sandbox that is new knows no password of an earlier one. */
  check(authorization: string | undefined): "good" | "expired" | "missing" {
    if (!/^Basic .+$/i.test(authorization ?? "")) return "missing";
    const { expiry = 0 } = this.find(authorization) ?? {};
    return this.now() < expiry ? "good" : "expired";
  }

  /** Who has logged in by an Authorization header; undefined for an administrator. */
  owner(authorization: string | undefined): Principal | undefined {
    return this.find(authorization)?.owner;
  }

  private find(authorization = "") {
    const [user, password = ""] = Buffer.from(authorization.replace(/^Basic /i, ""), "base64")
      .toString()
      .split(":");
    return user === "AWS" ? this.issued.get(password) : undefined;
  }

  /** All that were given so far, as if twelve hours had gone by. */
  expire(): void {
    for (const one of this.issued.values()) one.expiry = this.now();
  }
}
