/** IAM as other services see it: what was made a moment ago is not there yet. */
import type { IAMClient, InstanceProfile, Role } from "@aws-sdk/client-iam";

/** @param delay for how long roles and instance profiles are not seen, in ms */
export function seenLate(iam: Pick<IAMClient, "send">, delay: () => number): Pick<IAMClient, "send"> {
  const send = async (command: Parameters<IAMClient["send"]>[0]) => {
    const answer = (await iam.send(command as never)) as { Role?: Role; InstanceProfile?: InstanceProfile };
    const made = (answer.Role ?? answer.InstanceProfile)?.CreateDate ?? new Date(0);
    if (Date.now() - made.getTime() >= delay()) return answer;
    throw Object.assign(new Error("not seen yet"), { name: "NoSuchEntityException" });
  };
  return { send: send as IAMClient["send"] };
}
