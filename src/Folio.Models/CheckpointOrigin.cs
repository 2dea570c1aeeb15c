using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>What tells a checkpoint on disk from every other: where its files lie, how long they are, when they were written, and a sample of every tensor.</summary>
/// <remarks>
/// Lengths and times alone don't: images that are built reproducibly give every file the same time, and checkpoints of one architecture have one length. The sample
/// is taken from the mapping that is packed from, so that it is right even where the file has been replaced since.
/// </remarks>
internal static class CheckpointOrigin
{
    /// <returns>Null where the weights come from memory.</returns>
    public static WeightOrigin? Of(ModelSource source)
    {
        StringBuilder place = new(), content = new();
        foreach (string path in source.Tensors.Paths)
        {
            var file = new FileInfo(path);
            if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target; // hub caches link to one file from several snapshots
            place.Append(file.FullName).Append('\n');
            content.Append(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks}\n");
        }

        if (place.Length == 0) return null;
        if (source.Quantization is { } quantization) content.Append(CultureInfo.InvariantCulture, $"{quantization} read by {typeof(WeightQuantization).Module.ModuleVersionId}\n"); // what is packed isn't what is stored
        return new(place.ToString(), content.Append(SampleOf(source.Tensors)).ToString());
    }

    private static string SampleOf(TensorFile tensors)
    {
        var hash = new XxHash128();
        foreach (StoredTensor tensor in tensors.Tensors)
        {
            for (int piece = 0; piece < TensorSample.Pieces; piece++) hash.Append(TensorSample.Piece(tensor, piece));
        }

        return Convert.ToHexString(hash.GetCurrentHash());
    }
}
