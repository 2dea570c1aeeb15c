using System.Text;
using Folio.Tokenization.Templates;

namespace Folio.Requests;

/// <summary>A file with a chat template, for <see cref="ServedModelOptions.ChatTemplate"/>.</summary>
public static class ChatTemplateFile
{
    /// <returns>The template's text.</returns>
    /// <exception cref="FolioException">The file can't be read, or isn't a template.</exception>
    public static string Read(string path)
    {
        try
        {
            return ChatTemplate.Parse(File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)), path).Source;
        }
        catch (DecoderFallbackException error)
        {
            throw new FolioException($"{path}: the file isn't UTF-8 text.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FolioException($"{path} can't be read: {error.Message}", error);
        }
    }
}
