# docker buildx bake -f k8s/images/docker-bake.hcl [all] [--push]
variable "REGISTRY" {
  default = "sara"
}
variable "VERSION" {
  default = "0.1.0"
}
group "default" {
  targets = ["coordinator", "worker"]
}
group "all" {
  targets = ["coordinator", "worker", "worker-cuda", "worker-tfjs"]
}
target "image" {
  context    = "."
  dockerfile = "k8s/images/Dockerfile"
}
target "coordinator" {
  inherits = ["image"]
  target   = "coordinator"
  tags     = ["${REGISTRY}/coordinator:${VERSION}"]
}
target "worker" {
  inherits = ["image"]
  target   = "worker"
  tags     = ["${REGISTRY}/worker:${VERSION}"]
}
target "worker-cuda" {
  inherits  = ["image"]
  target    = "worker-cuda"
  tags      = ["${REGISTRY}/worker-cuda:${VERSION}"]
  platforms = ["linux/amd64"]
}
target "worker-tfjs" {
  inherits  = ["image"]
  target    = "worker-tfjs"
  tags      = ["${REGISTRY}/worker-tfjs:${VERSION}"]
  platforms = ["linux/amd64"]
}
