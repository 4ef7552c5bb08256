#pragma once

#include <string>
#include <vector>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/loop/plan.hpp"
#include "trainers/model/model.hpp"

/// Networks in files: all tensors by their PyTorch names, so that a PyTorch module of the same layout loads them, and facts from
/// which the network and its input can be made again.
namespace tune::trainer {

/// A float tensor for a file, contiguous.
Tensor file_tensor(std::string name, const at::Tensor& values);

/// Copies a file's tensor (F32, F16 or BF16) into one of the same shape. False: it has another shape or type.
bool copy_from_file(const Tensor& from, at::Tensor to);

/// The network and what its plan says of it; `facts` are added.
Checkpoint describe_model(Model& model, const Plan& plan, const FlatObject& facts);

struct LoadedModel {
  Plan plan;
  std::unique_ptr<Model> model;
};
/// A network as describe_model() wrote it. Fails on a file that is none, and names what is missing or does not fit.
Fallible<LoadedModel> load_model(const std::string& path, at::Device device);

/// Begins with the weights of a safetensors file that has torchvision's names (resnet18 and so on; PyTorch's `state_dict`), all
/// but the last layer's, whose classes are others. The text says how many tensors were taken over. Fails when one has another
/// shape, or none is there.
Fallible<std::string> load_pretrained(const std::string& path, Model& model);

}  // namespace tune::trainer
