import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3, help="rate")
parser.add_argument('--batch-size', '-b', type=int, default=64)
parser.add_argument("--optimizer", choices=["sgd", "adam"], default="sgd")
parser.add_argument("--amp", action="store_true")
parser.add_argument("--data", required=True)
args = parser.parse_args()
for epoch in range(10):
    print(f"epoch {epoch} loss={loss:.4f} val_acc {100 * acc:.2f}%")
    print("Epoch: %d, accuracy: %.3f" % (epoch, acc))
