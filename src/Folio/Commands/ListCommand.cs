using System.CommandLine;
using Folio.Engine;
using Folio.Formats.Hub;
using Folio.Models;

namespace Folio.Commands;

/// <summary>folio list: the models in the hub's cache, as they are typed behind serve, and whether Folio can load them.</summary>
internal static class ListCommand
{
    private static readonly string[] s_header = ["MODEL", "REVISION", "FILES", "SIZE", "LOADS"];

    public static Command Create()
    {
        var command = new Command("list", "Lists the models in the hub's cache, and which of them can be loaded.");
        command.SetAction(_ =>
        {
            HubSettings settings = HubSettings.FromEnvironment(EngineArguments.Warn);
            string[][] rows = [s_header, .. CachedModel.All(settings).SelectMany(Rows)];
            if (rows.Length == 1) Console.Error.WriteLine($"{settings.CacheDirectory} holds no models yet; folio pull fetches them.");
            else Write(rows);
            return 0;
        });
        return command;
    }

    /// <summary>A row for the folder, if it is a model, and one for each GGUF file.</summary>
    private static IEnumerable<string[]> Rows(CachedModel model)
    {
        string revision = model.Revisions.Count > 0 ? string.Join(", ", model.Revisions) : model.Commit[..7];
        foreach (string file in model.GgufFiles)
        {
            string path = Path.Combine(model.Folder, file);
            yield return [$"{model.Repository}:{file}", revision, "1", SizeText.Of(model.BytesOf(file)), Loads(path)];
        }

        if (model.GgufFiles.Count > 0 && !model.HasSafetensors) yield break;
        yield return [model.Repository, revision, $"{model.Files.Count}", SizeText.Of(model.Bytes), model.HasSafetensors ? Loads(model.Folder) : "no: it has no safetensors with a config.json, and no GGUF file"];
    }

    /// <summary>What the description of a model says, without its weights.</summary>
    private static string Loads(string path)
    {
        try
        {
            using ModelSource source = ModelSource.Open(path);
            TransformerDecoder.Describe(source);
            return "yes";
        }
        catch (FolioException e)
        {
            return $"no: {e.Message}";
        }
    }

    private static void Write(string[][] rows)
    {
        int[] widths = [.. Enumerable.Range(0, s_header.Length - 1).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows) Console.Out.WriteLine(string.Join("  ", row.Select((cell, column) => column < widths.Length ? cell.PadRight(widths[column]) : cell)));
    }
}
