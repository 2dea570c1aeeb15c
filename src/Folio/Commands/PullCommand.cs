using System.CommandLine;
using Folio.Formats.Hub;

namespace Folio.Commands;

/// <summary>folio pull ID: fetches a model from the hub into the cache, and prints where it lies.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("ID") { Description = "owner/name[:file][@revision]; the file of a repository with several GGUF files by its name or its quantisation, such as :Q4_K_M." };
        var revision = new Option<string?>("--revision") { Description = "A branch, tag or commit (default: main)." };
        var include = new Option<string[]>("--include") { Description = "Fetches the files with such names instead (* and ? stand for any characters and one); may be given several times.", HelpName = "GLOB" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Prints the path alone." };
        var command = new Command("pull", "Fetches a model from the Hugging Face hub into its cache, for serve and the other commands.") { id, revision, include, quiet };
        command.SetAction(parsed =>
        {
            string text = parsed.GetValue(id)!;
            HubModelId model = HubModelId.TryParse(text) ?? throw new FolioException($"'{text}' is no model of the hub; owner/name[:file][@revision] was expected.");
            string[] patterns = parsed.GetValue(include) ?? [];
            if (patterns.Length > 0 && model.File is { } file) throw new FolioException($"':{file}' and --include both say which files are fetched; one of them was expected.");
            Console.Out.WriteLine(PullDisplay.Pull(ModelPlace.At(model, parsed.GetValue(revision)), patterns, parsed.GetValue(quiet)).Path);
            return 0;
        });
        return command;
    }
}
