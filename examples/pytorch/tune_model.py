"""The networks of tune-train-image as PyTorch modules, with the tensor names of its model files.

    from tune_model import load_model
    model = load_model("best.safetensors").eval()

A ResNet of 18 to 152 layers for images above 32 pixels, width_multiplier 1, is torchvision's and needs nothing of this:

    from safetensors.torch import load_file
    from torchvision.models import resnet18
    model = resnet18(num_classes=10)
    model.load_state_dict(load_file("best.safetensors"))
    model.eval()
"""

from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

DEPTHS = {18: ([2, 2, 2, 2], False), 34: ([3, 4, 6, 3], False), 50: ([3, 4, 6, 3], True), 101: ([3, 4, 23, 3], True), 152: ([3, 8, 36, 3], True)}


class Cnn(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * (height // 4) * (width // 4), 64)
        self.fc2 = nn.Linear(64, classes)

    def forward(self, images):
        x = F.relu(F.max_pool2d(self.conv1(images), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class Block(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = width * 4 if bottleneck else width
        kernels, strided = ([1, 3, 1], 1) if bottleneck else ([3, 3], 0)
        channels = [inputs] + [width] * (len(kernels) - 1) + [outputs]
        self.depth = len(kernels)
        for i, kernel in enumerate(kernels):
            step = stride if i == strided else 1
            setattr(self, f"conv{i + 1}", nn.Conv2d(channels[i], channels[i + 1], kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(channels[i + 1]))
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        around = x if self.downsample is None else self.downsample(x)
        for i in range(1, self.depth + 1):
            x = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x))
            x = F.relu(x if i < self.depth else x + around)
        return x


class ResNet(nn.Module):
    def __init__(self, layers, channels, height, width, classes, width_multiplier=1.0):
        super().__init__()
        blocks, bottleneck = DEPTHS.get(layers, ([(layers - 2) // 6] * 3, False))
        self.small = max(height, width) <= 32
        first = max(1, int((64 if len(blocks) == 4 else 16) * width_multiplier + 0.5))
        self.conv1 = nn.Conv2d(channels, first, 3 if self.small else 7, 1 if self.small else 2, 1 if self.small else 3, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        inputs = first
        self.stages = len(blocks)
        for stage, count in enumerate(blocks):
            stage_width = first * 2**stage
            made = []
            for i in range(count):
                made.append(Block(inputs, stage_width, 2 if stage > 0 and i == 0 else 1, bottleneck))
                inputs = stage_width * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, images):
        x = F.relu(self.bn1(self.conv1(images)))
        if not self.small:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


def load_model(path):
    """The network of a best.safetensors or model.safetensors. Its input: images x channels x height x width, as model.facts says:
    (level - mean) / deviation of each channel, levels 0 to 255."""
    with safe_open(path, framework="pt") as file:
        facts = {name.removeprefix("model."): value for name, value in file.metadata().items() if name.startswith("model.")}
    channels, height, width = (int(size) for size in facts["image_shape"].split(","))
    classes = int(facts["num_classes"])
    if facts["name"] == "cnn":
        model = Cnn(channels, height, width, classes)
    else:
        model = ResNet(int(facts["num_layers"]), channels, height, width, classes, float(facts["width_multiplier"]))
    model.load_state_dict(load_file(path))
    model.facts = facts
    return model
