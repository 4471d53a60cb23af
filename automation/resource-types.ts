/** Types of resources that several rules are about. */

export const userRunner = /^gitlab:index\/userRunner:UserRunner$/;
export const instance = /^aws:ec2\/instance:Instance$/;
