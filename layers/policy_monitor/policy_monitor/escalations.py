"""The published ways in which permissions of IAM lead to more permissions, as data.

Each is a set of actions that together let their holder act with permissions that nobody gave it.
The sets are those of pathfinding.cloud, the community's library of such paths, and of Rhino
Security Labs' list, which it grew from; the words are ours. Retired services (CodeStar) are left
out.
"""

from enum import StrEnum
from typing import NamedTuple

_LIBRARY = "https://pathfinding.cloud/paths/{}"
_RHINO = "https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/"
_RHINO_2 = "https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation-part-2/"
_PROWLER = (
    "https://github.com/prowler-cloud/prowler/blob/master/prowler/providers/aws/services/iam/lib/"
    "privilege_escalation.py"
)

PASSING = "iam:PassRole"


class Gain(StrEnum):
    """What a path leads to."""

    PERMISSIONS = "permissions"
    """It changes what somebody may do."""
    CREDENTIALS = "credentials"
    """It gives the credentials of another user or role."""
    NEW_ROLE = "new-role"
    """It runs code with a role of its choice."""
    EXISTING_ROLE = "existing-role"
    """It runs code where somebody put a role before: what that role may do is not told here."""


class Path(NamedTuple):
    """A set of actions that leads to more permissions.

    Attributes
    ----------
    name : str
        As the library numbers it; also the name under which its severity can be overridden.
    words : str
        What its holder can do, as an infinitive without ``to``.
    passed_to : str
        The service principal that a role is passed to (``iam:PassedToService``), where it is one;
        empty where any passed role counts.
    """

    name: str
    gain: Gain
    words: str
    actions: tuple[str, ...]
    passed_to: str = ""
    link: str = ""

    @property
    def reference(self) -> str:
        """Where it is described."""
        return self.link or _LIBRARY.format(self.name)


def _passing(name: str, words: str, *actions: str, passed_to: str = "", link: str = "") -> Path:
    """A path that passes a role to a service, which then runs what the holder wants."""
    return Path(name, Gain.NEW_ROLE, words, (PASSING, *actions), passed_to, link)


def _by_iam(name: str, words: str, *actions: str, link: str = "") -> Path:
    return Path(
        name, Gain.PERMISSIONS, words, tuple(f"iam:{action}" for action in actions), link=link
    )


def _logging_in(name: str, words: str, *actions: str) -> Path:
    return Path(name, Gain.CREDENTIALS, words, actions)


def _existing(name: str, words: str, *actions: str, link: str = "") -> Path:
    return Path(name, Gain.EXISTING_ROLE, words, actions, link=link)


_EC2 = "ec2.amazonaws.com"
_TASKS = "ecs-tasks.amazonaws.com"
_LAMBDA = "lambda.amazonaws.com"
_GLUE = "glue.amazonaws.com"
_STACKS = "cloudformation.amazonaws.com"
_BUILDS = "codebuild.amazonaws.com"
_NOTEBOOKS = "sagemaker.amazonaws.com"

# A set that holds another one here leads nowhere that the smaller one does not, so the library's
# longer variants (iam-003, iam-014 to iam-021, ecs-001 to ecs-005, ecs-007, batch-003) are left
# out: whoever holds them holds the shorter one. So are lambda-004 and lambda-005.
PATHS: tuple[Path, ...] = (
    _by_iam("iam-001", "write a new version of a policy", "CreatePolicyVersion"),
    _by_iam(
        "rhino-2",
        "put another version of a policy in force",
        "SetDefaultPolicyVersion",
        link=_RHINO,
    ),
    _by_iam("iam-005", "write inline policies of roles", "PutRolePolicy"),
    _by_iam("iam-007", "write inline policies of users", "PutUserPolicy"),
    _by_iam("iam-008", "attach policies to users", "AttachUserPolicy"),
    _by_iam("iam-009", "attach policies to roles", "AttachRolePolicy"),
    _by_iam("iam-010", "attach policies to groups", "AttachGroupPolicy"),
    _by_iam("iam-011", "write inline policies of groups", "PutGroupPolicy"),
    _by_iam("iam-013", "add users to groups", "AddUserToGroup"),
    _logging_in("iam-002", "make access keys of users", "iam:CreateAccessKey"),
    _logging_in("iam-004", "set a console password for users", "iam:CreateLoginProfile"),
    _logging_in("iam-006", "change the console password of users", "iam:UpdateLoginProfile"),
    # Without sts:AssumeRole, which the library adds: the vendor can let in an account of its own.
    _by_iam("iam-012", "say who may assume roles", "UpdateAssumeRolePolicy"),
    Path("sts-001", Gain.EXISTING_ROLE, "assume other roles", ("sts:AssumeRole",)),
    _passing(
        "ec2-001", "run instances with a role of its choice", "ec2:RunInstances", passed_to=_EC2
    ),
    _passing(
        "ec2-004",
        "request spot instances with a role of its choice",
        "ec2:RequestSpotInstances",
        passed_to=_EC2,
    ),
    _passing(
        "prowler-create-autoscaling",
        "let a new Auto Scaling group run instances with a role of its choice",
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateLaunchConfiguration",
        passed_to=_EC2,
        link=_PROWLER,
    ),
    _passing(
        "prowler-update-autoscaling",
        "let an Auto Scaling group run instances with a role of its choice",
        "autoscaling:UpdateAutoScalingGroup",
        "autoscaling:CreateLaunchConfiguration",
        passed_to=_EC2,
        link=_PROWLER,
    ),
    _passing(
        "emr-001",
        "run a cluster of Amazon EMR with a role of its choice",
        "elasticmapreduce:RunJobFlow",
    ),
    _passing(
        "emrserverless-001",
        "run jobs of EMR Serverless with a role of its choice",
        "emr-serverless:CreateApplication",
        "emr-serverless:StartJobRun",
    ),
    _passing(
        "imagebuilder-001",
        "build images on an instance with a role of its choice",
        "imagebuilder:CreateComponent",
        "imagebuilder:CreateImageRecipe",
        "imagebuilder:CreateInfrastructureConfiguration",
        "imagebuilder:CreateImage",
    ),
    _passing(
        "lambda-001",
        "run a new Lambda function with a role of its choice",
        "lambda:CreateFunction",
        "lambda:InvokeFunction",
        passed_to=_LAMBDA,
    ),
    _passing(
        "lambda-002",
        "let events run a new Lambda function with a role of its choice",
        "lambda:CreateFunction",
        "lambda:CreateEventSourceMapping",
        passed_to=_LAMBDA,
    ),
    _passing(
        "lambda-006",
        "let others run a new Lambda function with a role of its choice",
        "lambda:CreateFunction",
        "lambda:AddPermission",
        passed_to=_LAMBDA,
    ),
    _passing(
        "glue-001",
        "open a Glue development endpoint with a role of its choice",
        "glue:CreateDevEndpoint",
        passed_to=_GLUE,
    ),
    _passing(
        "glue-003",
        "run a new Glue job with a role of its choice",
        "glue:CreateJob",
        "glue:StartJobRun",
        passed_to=_GLUE,
    ),
    _passing(
        "glue-004",
        "schedule a new Glue job with a role of its choice",
        "glue:CreateJob",
        "glue:CreateTrigger",
        passed_to=_GLUE,
    ),
    _passing(
        "glue-005",
        "run a changed Glue job with a role of its choice",
        "glue:UpdateJob",
        "glue:StartJobRun",
        passed_to=_GLUE,
    ),
    _passing(
        "glue-006",
        "schedule a changed Glue job with a role of its choice",
        "glue:UpdateJob",
        "glue:CreateTrigger",
        passed_to=_GLUE,
    ),
    _passing(
        "glue-007",
        "run code in a Glue session with a role of its choice",
        "glue:CreateSession",
        "glue:RunStatement",
        passed_to=_GLUE,
    ),
    _passing(
        "cloudformation-001",
        "create stacks that act with a role of its choice",
        "cloudformation:CreateStack",
        passed_to=_STACKS,
    ),
    _passing(
        "cloudformation-003",
        "create stack sets that act with a role of its choice",
        "cloudformation:CreateStackSet",
        "cloudformation:CreateStackInstances",
        passed_to=_STACKS,
    ),
    _passing(
        "cloudformation-004",
        "change stack sets that act with a role of its choice",
        "cloudformation:UpdateStackSet",
        passed_to=_STACKS,
    ),
    _passing(
        "codebuild-001",
        "run builds with a role of its choice",
        "codebuild:CreateProject",
        "codebuild:StartBuild",
        passed_to=_BUILDS,
    ),
    _passing(
        "codebuild-004",
        "run batches of builds with a role of its choice",
        "codebuild:CreateProject",
        "codebuild:StartBuildBatch",
        passed_to=_BUILDS,
    ),
    _passing(
        "ecs-003",
        "run a service of containers with a role of its choice",
        "ecs:RegisterTaskDefinition",
        "ecs:CreateService",
        passed_to=_TASKS,
    ),
    _passing(
        "ecs-008", "run containers with a role of its choice", "ecs:RunTask", passed_to=_TASKS
    ),
    _passing(
        "ecs-009", "start containers with a role of its choice", "ecs:StartTask", passed_to=_TASKS
    ),
    _passing(
        "batch-001",
        "run batch jobs with a role of its choice",
        "batch:RegisterJobDefinition",
        "batch:SubmitJob",
    ),
    _passing(
        "sagemaker-001",
        "open a notebook with a role of its choice",
        "sagemaker:CreateNotebookInstance",
        passed_to=_NOTEBOOKS,
    ),
    _passing(
        "sagemaker-002",
        "run training jobs with a role of its choice",
        "sagemaker:CreateTrainingJob",
        passed_to=_NOTEBOOKS,
    ),
    _passing(
        "sagemaker-003",
        "run processing jobs with a role of its choice",
        "sagemaker:CreateProcessingJob",
        passed_to=_NOTEBOOKS,
    ),
    _passing(
        "ssm-003",
        "run automations of Systems Manager with a role of its choice",
        "ssm:CreateDocument",
        "ssm:StartAutomationExecution",
    ),
    _passing(
        "apprunner-001",
        "run a service of App Runner with a role of its choice",
        "apprunner:CreateService",
    ),
    _passing(
        "bedrock-001",
        "run code in a Bedrock interpreter with a role of its choice",
        "bedrock-agentcore:CreateCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    _passing(
        "cognitoidentity-001",
        "hand out a role of its choice through an identity pool",
        "cognito-identity:SetIdentityPoolRoles",
    ),
    _passing(
        "datapipeline-001",
        "run a data pipeline with a role of its choice",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:ActivatePipeline",
    ),
    # Without the network actions of EC2 that the library adds: they may be granted to the service.
    _passing(
        "mwaa-001",
        "run an Airflow environment with a role of its choice",
        "airflow:CreateEnvironment",
    ),
    _existing("lambda-003", "change the code of Lambda functions", "lambda:UpdateFunctionCode"),
    _existing(
        "rhino-26",
        "add code to Lambda functions by their configuration",
        "lambda:UpdateFunctionConfiguration",
        link=_RHINO_2,
    ),
    _existing("glue-002", "log in to Glue development endpoints", "glue:UpdateDevEndpoint"),
    _existing(
        "cloudformation-002", "change stacks that act with a role", "cloudformation:UpdateStack"
    ),
    _existing(
        "cloudformation-005",
        "change stacks that act with a role, by change sets",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
    ),
    _existing("codebuild-002", "run builds with commands of its own", "codebuild:StartBuild"),
    _existing(
        "codebuild-003",
        "run batches of builds with commands of its own",
        "codebuild:StartBuildBatch",
    ),
    _existing(
        "codedeploy-001",
        "deploy code of its own to instances",
        "codedeploy:CreateDeployment",
        "codedeploy:RegisterApplicationRevision",
        "codedeploy:GetDeploymentConfig",
    ),
    _existing(
        "ec2-002",
        "change what instances run when they start",
        "ec2:ModifyInstanceAttribute",
        "ec2:StopInstances",
        "ec2:StartInstances",
    ),
    _existing("ec2-003", "log in to instances", "ec2-instance-connect:SendSSHPublicKey"),
    _existing(
        "ec2-005",
        "change the templates that instances are launched from",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:ModifyLaunchTemplate",
    ),
    _existing("ecs-006", "run commands in containers", "ecs:ExecuteCommand", "ecs:DescribeTasks"),
    _existing("ssm-001", "log in to instances by Session Manager", "ssm:StartSession"),
    _existing("ssm-002", "run commands on instances", "ssm:SendCommand"),
    _existing("sagemaker-004", "open notebooks", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    _existing(
        "sagemaker-005",
        "change what notebooks run when they start",
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:StartNotebookInstance",
    ),
    _existing("apprunner-002", "change services of App Runner", "apprunner:UpdateService"),
    _existing(
        "bedrock-002",
        "run code in Bedrock interpreters",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    _existing(
        "mwaa-002",
        "change what Airflow environments run",
        "airflow:UpdateEnvironment",
        "airflow:CreateCliToken",
    ),
)

# On its own role, or on a policy that bears on it, each of these widens what the role may do:
# IAM User Guide, "Permissions boundaries for IAM entities"; those that remove something, since
# what they remove may be a Deny or the boundary.
OWN_ROLE_ACTIONS = (
    "iam:AttachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
)
UNLIMITED = frozenset({"iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:PutRolePolicy"})
"""Whoever has one of them on itself can give itself whatever its boundary lets it."""
CEILING_ACTIONS = frozenset({"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"})
OWN_POLICY_ACTIONS = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")
