/** A value of a CloudFormation template. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

interface Resource {
  readonly Type: string;
  readonly Properties: { readonly [name: string]: Value };
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** Resources by logical id. */
export type Resources = Readonly<Record<string, Resource>>;

/** One statement of a policy; `Sid` says what for. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Value;
  readonly Action: readonly string[];
  readonly Resource: readonly Value[];
  readonly Condition?: { readonly [operator: string]: Value };
}

/** `Ref`: the name or the id of a resource of the template. */
export function ref(id: string): Value {
  return { Ref: id };
}

/** `Fn::GetAtt`: an attribute of a resource of the template, as in its `Arn`. */
export function getAtt(id: string, attribute: string): Value {
  return { 'Fn::GetAtt': [id, attribute] };
}

/** Text with `${AWS::Region}`, `${LogicalId}` and the like in it. */
export function sub(text: string, values?: Readonly<Record<string, Value>>): Value {
  return values === undefined ? { 'Fn::Sub': text } : { 'Fn::Sub': [text, values] };
}

/** ARN of something in this account and region, as in `arn('lambda', 'function:x')`. */
export function arn(service: string, rest: string): Value {
  return sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
}

/** A policy document of these statements. */
export function policy(statements: readonly Statement[]): Value {
  return { Version: '2012-10-17', Statement: statements.map((statement) => ({ ...statement })) };
}

/** Who may assume a role. The condition keeps other accounts' services from doing it through ours. */
export function trust(service: string, condition?: { readonly [operator: string]: Value }): Value {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sts:AssumeRole',
        ...(condition && { Condition: condition }),
      },
    ],
  };
}
