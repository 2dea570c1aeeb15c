using System.Globalization;
using System.Text;
using Folio.Formats;

namespace Folio.Models;

/// <summary>What tells a checkpoint on disk from every other: where its files lie, how long they are and when they were written, as build tools do it.</summary>
internal static class CheckpointOrigin
{
    /// <returns>Null where the weights come from memory.</returns>
    public static string? Of(TensorFile tensors)
    {
        var origin = new StringBuilder();
        foreach (string path in tensors.Paths)
        {
            var file = new FileInfo(path);
            if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target; // hub caches link to one file from several snapshots
            origin.Append(CultureInfo.InvariantCulture, $"{file.FullName}\n{file.Length} {file.LastWriteTimeUtc.Ticks}\n");
        }

        return origin.Length == 0 ? null : origin.ToString();
    }
}
