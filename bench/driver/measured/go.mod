module gitlab-fargate-runners/bench/measured

go 1.26.0
